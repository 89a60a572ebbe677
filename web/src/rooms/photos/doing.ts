import { Download, ImageMinus, ImagePlus, Trash2 } from '@lucide/vue'
import { type Entry, downloadAddress, remove, zipAddress } from '../../api/dav'
import type { Photo } from '../../api/photos'
import { restore, trash } from '../../api/trash'
import { complain, tell } from '../../kit/notices'
import { parentOf } from '../../kit/paths'
import type { FileAction } from '../../kit/room'
import { each } from '../../kit/some'
import { t } from '../../kit/words'
import { takeOutAll } from './albums'

/** What follows for the view. */
interface After {
  /** Photos are not shown any more, or are again. */
  gone(ids: ReadonlySet<string>): void
  back(): void
  /** Photos want an album. */
  gather(photos: readonly Entry[]): void
}

/** What this room does with selected photos, in an album or '' for none. Those of other rooms stand between them by rank. */
export function photoActions(user: string, album: string, after: After): FileAction[] {
  async function undelete(ids: ReadonlySet<string>): Promise<void> {
    try {
      const wanted = new Set(ids)
      const { failed } = await each((await trash(user)).filter(one => wanted.delete(one.file)), one => restore(user, one.key))
      if (failed[0]) complain(t('“{name}” stays in the trash.', { name: failed[0].thing.name }), failed[0].error)
    } catch (error) {
      complain(t('It stays in the trash.'), error)
    }
    after.back()
  }

  async function drop(entries: readonly Entry[]): Promise<void> {
    const { done, failed } = await each(entries, entry => remove(user, entry.path))
    const gone = new Set(done.map(e => e.id))
    after.gone(gone)
    if (gone.size > 0) tell(t('{n, plural, one {# photo} other {# photos}} moved to the trash.', { n: gone.size }), { label: t('Undo'), run: () => void undelete(gone) })
    for (const { thing, error } of failed.slice(0, 3)) complain(t('“{name}” was not deleted.', { name: thing.name }), error)
  }

  const out = async (photos: readonly Entry[]): Promise<void> => after.gone(await takeOutAll(user, album, photos, after.back))

  return [
    { id: 'download', rank: 20, label: t('Download'), icon: Download, enabled: all => all.length > 0, run: all => download(user, all) },
    { id: 'album', rank: 45, label: t('Add to album …'), icon: ImagePlus, enabled: all => all.length > 0, run: after.gather },
    { id: 'out', rank: 46, label: t('Remove from album'), icon: ImageMinus, enabled: all => album !== '' && all.length > 0, run: all => void out(all) },
    { id: 'delete', rank: 90, label: t('Delete'), icon: Trash2, key: 'Delete', danger: true, enabled: all => all.length > 0 && all.every(e => e.mayDelete), run: all => void drop(all) },
  ]
}

/** Hands photos to the browser's downloads: one as it is, several as an archive for each folder they lie in. */
function download(user: string, entries: readonly Entry[]): void {
  const folders = new Map<string, string[]>()
  for (const entry of entries) folders.set(parentOf(entry.path), [...(folders.get(parentOf(entry.path)) ?? []), entry.name])
  for (const [folder, names] of folders) {
    const link = document.createElement('a')
    link.href = entries.length === 1 && entries[0] ? downloadAddress(user, entries[0].path) : zipAddress(user, folder, names)
    link.download = ''
    link.click()
  }
}

/** What a photo is called where it is only heard. */
export const spoken = (photo: Photo, when: string): string => t('{name}, {when}', { name: photo.name, when })
