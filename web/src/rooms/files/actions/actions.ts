import { Download, FolderInput, FolderOpen, Info, PencilLine, Star, StarOff, Trash2 } from '@lucide/vue'
import type { Entry } from '../../../api/dav'
import type { FileAction } from '../../../kit/room'
import { t } from '../../../kit/words'

/** What the view does when an action is chosen. */
export interface Doing {
  open(entry: Entry): void
  download(entries: readonly Entry[]): void
  rename(entry: Entry): void
  favour(entries: readonly Entry[]): void
  carry(entries: readonly Entry[]): void
  remove(entries: readonly Entry[]): void
  details(): void
}

/** What this room does with selected files and folders. Those of other rooms stand between them by rank. */
export function fileActions(doing: Doing): FileAction[] {
  const one = (run: (entry: Entry) => void) => (entries: readonly Entry[]): void => {
    if (entries[0]) run(entries[0])
  }
  const favourites = (all: readonly Entry[]): boolean => all.length > 0 && all.every(e => e.favourite)
  return [
    { id: 'open', rank: 10, label: t('Open'), icon: FolderOpen, key: 'Enter', enabled: all => all.length === 1, run: one(doing.open) },
    { id: 'download', rank: 20, label: t('Download'), icon: Download, enabled: all => all.length > 0, run: doing.download },
    { id: 'favourite', rank: 40, label: t('Make a favourite'), icon: Star, key: 's', enabled: all => all.length > 0 && !favourites(all), run: doing.favour },
    { id: 'unfavourite', rank: 40, label: t('No favourite any more'), icon: StarOff, key: 's', enabled: favourites, run: doing.favour },
    { id: 'rename', rank: 50, label: t('Rename'), icon: PencilLine, key: 'F2', enabled: all => all.length === 1 && all[0]?.mayRename === true, run: one(doing.rename) },
    { id: 'move', rank: 60, label: t('Move or copy to …'), icon: FolderInput, enabled: all => all.length > 0, run: doing.carry },
    { id: 'details', rank: 70, label: t('Details'), icon: Info, key: 'd', enabled: all => all.length > 0, run: doing.details },
    {
      id: 'delete', rank: 90, label: t('Delete'), icon: Trash2, key: 'Delete', danger: true,
      enabled: all => all.length > 0 && all.every(e => e.mayDelete), run: doing.remove,
    },
  ]
}
