import { type Album, gather, takeOut } from '../../api/albums'
import type { Entry } from '../../api/dav'
import { complain, tell } from '../../kit/notices'
import { each } from '../../kit/some'
import { goTo } from '../../kit/way'
import { t } from '../../kit/words'

export const albumsPath = '/apps/photos/albums'
export const albumPath = (name: string): string => `${albumsPath}/${encodeURIComponent(name)}`

/** How many photos an album has, in words. */
export const counted = (album: Album): string => t('{n, plural, one {# photo} other {# photos}}', { n: album.count })

/** Puts photos into an album, and tells what became of them. */
export async function gatherAll(user: string, album: string, photos: readonly Entry[]): Promise<void> {
  const { done, failed } = await each(photos, photo => gather(user, album, photo))
  if (done.length > 0) tell(t('{n, plural, one {# photo is in “{album}” now.} other {# photos are in “{album}” now.}}', { n: done.length, album }), { label: t('Show album'), run: () => void goTo(albumPath(album)) })
  if (failed.length > 0) complain(t('{n, plural, one {# photo was not added.} other {# photos were not added.}}', { n: failed.length }), failed[0]?.error)
}

/** Takes photos out of an album, which can be undone, and returns which are out. */
export async function takeOutAll(user: string, album: string, photos: readonly Entry[], back: () => void): Promise<Set<string>> {
  const { done, failed } = await each(photos, photo => takeOut(user, album, photo))
  const undo = async (): Promise<void> => {
    const { failed } = await each(done, photo => gather(user, album, photo))
    if (failed.length > 0) complain(t('{n, plural, one {# photo was not added.} other {# photos were not added.}}', { n: failed.length }), failed[0]?.error)
    back()
  }
  if (done.length > 0) tell(t('{n, plural, one {# photo is no longer in “{album}”.} other {# photos are no longer in “{album}”.}}', { n: done.length, album }), { label: t('Undo'), run: () => void undo() })
  if (failed.length > 0) complain(t('{n, plural, one {# photo stays in the album.} other {# photos stay in the album.}}', { n: failed.length }), failed[0]?.error)
  return new Set(done.map(photo => photo.id))
}
