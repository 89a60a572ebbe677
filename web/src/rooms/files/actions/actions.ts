import { Download, FolderOpen, Info, PencilLine, Trash2 } from '@lucide/vue'
import type { Entry } from '../../../api/dav'
import type { FileAction } from '../../../kit/room'

/** What the view does when an action is chosen. */
export interface Doing {
  open(entry: Entry): void
  download(entries: readonly Entry[]): void
  rename(entry: Entry): void
  remove(entries: readonly Entry[]): void
  details(): void
}

/** What this room does with selected files and folders. Those of other rooms stand between them by rank. */
export function fileActions(doing: Doing): FileAction[] {
  const one = (run: (entry: Entry) => void) => (entries: readonly Entry[]): void => {
    if (entries[0]) run(entries[0])
  }
  return [
    { id: 'open', rank: 10, label: 'Open', icon: FolderOpen, key: 'Enter', enabled: all => all.length === 1 && all[0]?.folder === true, run: one(doing.open) },
    { id: 'download', rank: 20, label: 'Download', icon: Download, enabled: all => all.length > 0, run: doing.download },
    { id: 'rename', rank: 40, label: 'Rename', icon: PencilLine, key: 'F2', enabled: all => all.length === 1 && all[0]?.mayRename === true, run: one(doing.rename) },
    { id: 'details', rank: 70, label: 'Details', icon: Info, key: 'Alt + Enter', enabled: all => all.length > 0, run: doing.details },
    {
      id: 'delete', rank: 90, label: 'Delete', icon: Trash2, key: 'Delete', danger: true,
      enabled: all => all.length > 0 && all.every(e => e.mayDelete), run: doing.remove,
    },
  ]
}
