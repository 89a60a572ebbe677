import { type Entry, addressOf } from './dav'
import { send } from './http'
import type { Found } from './multistatus'
import { propfind, propfindBody } from './propfind'

/** A name under which somebody gathers photos, which stay where they lie. */
export interface Album {
  name: string
  count: number
  /** The number of the file that was added last, which is its cover; '' while there is none. */
  cover: string
}

const nc = (local: string): string => `{http://nextcloud.org/ns}${local}`
const props = propfindBody('<nc:nbItems/><nc:last-photo/>')

const root = (user: string): string => `/remote.php/dav/photos/${encodeURIComponent(user)}/albums`
const at = (user: string, name: string): string => `${root(user)}/${encodeURIComponent(name)}`

/** All albums of somebody, by name. */
export async function albums(user: string, signal?: AbortSignal): Promise<Album[]> {
  const all: Album[] = []
  let first = true
  await propfind(root(user), '1', props, found => {
    if (!first) all.push(albumIn(found))
    first = false
  }, signal)
  return all.sort((a, b) => a.name.localeCompare(b.name))
}

/** Reads one album. Exported for its test. */
export function albumIn(found: Found): Album {
  const prop = (local: string): string => found.props.get(nc(local)) ?? ''
  const cover = prop('last-photo')
  return { name: decodeURIComponent(found.href.replace(/\/+$/, '').replace(/^.*\//, '')), count: Number(prop('nbItems')) || 0, cover: cover === '-1' ? '' : cover }
}

/** The address of the cover of an album, filling a square of so many pixels. */
export const coverAddress = (album: Album, size: number): string => `/core/preview?fileId=${encodeURIComponent(album.cover)}&x=${size}&y=${size}&a=0`

/** Makes an empty album. */
export async function makeAlbum(user: string, name: string): Promise<void> {
  await send('MKCOL', at(user, name))
}

/** Gives an album another name. 412 says that there is one of this name. */
export async function renameAlbum(user: string, from: string, to: string): Promise<void> {
  await send('MOVE', at(user, from), { headers: { Destination: location.origin + at(user, to), Overwrite: 'F' } })
}

/** Gives an album up; its photos stay where they lie. */
export async function removeAlbum(user: string, name: string): Promise<void> {
  await send('DELETE', at(user, name))
}

/** Puts a photo into an album; one that is there already stays. */
export async function gather(user: string, name: string, photo: Entry): Promise<void> {
  await send('COPY', addressOf(user, photo.path), { headers: { Destination: `${location.origin}${at(user, name)}/${encodeURIComponent(photo.name)}` } })
}

/** Takes a photo out of an album; it stays where it lies. */
export async function takeOut(user: string, name: string, photo: Entry): Promise<void> {
  await send('DELETE', `${at(user, name)}/${encodeURIComponent(`${photo.id}-${photo.name}`)}`)
}
