import { send } from './http'
import type { Found } from './multistatus'
import { propfind, propfindBody } from './propfind'

/** Something that was deleted and can be had back. */
export interface Trashed {
  id: string
  name: string
  /** The number of the file, as it was before. */
  file: string
  /** Under what the trash keeps it. */
  key: string
  folder: boolean
  size: number
  mime: string
  /** Where it lay, from the home on: '/a/b.txt'. */
  from: string
  /** Milliseconds since 1970. */
  deleted: number
  /** The name of who deleted it; '' when that is oneself or not known. */
  by: string
}

const nc = (local: string): string => `{http://nextcloud.org/ns}${local}`
const oc = (local: string): string => `{http://owncloud.org/ns}${local}`

const props = propfindBody(
  '<d:resourcetype/><d:getcontenttype/><oc:fileid/><oc:size/><nc:trashbin-filename/><nc:trashbin-original-location/><nc:trashbin-deletion-time/>' +
  '<nc:trashbin-deleted-by-id/><nc:trashbin-deleted-by-display-name/>',
)

const bin = (user: string): string => `/remote.php/dav/trashbin/${encodeURIComponent(user)}`
const at = (user: string, key: string): string => `${bin(user)}/trash/${encodeURIComponent(key)}`

/** Lists the trash, what was deleted last first. */
export async function trash(user: string, signal?: AbortSignal): Promise<Trashed[]> {
  const all: Trashed[] = []
  let first = true
  await propfind(`${bin(user)}/trash`, '1', props, found => {
    if (!first) all.push(trashedIn(user, found))
    first = false
  }, signal)
  return all.sort((a, b) => b.deleted - a.deleted || a.name.localeCompare(b.name))
}

/** Reads one thing of the trash. Exported for its test. */
export function trashedIn(user: string, found: Found): Trashed {
  const prop = (name: string): string => found.props.get(name) ?? ''
  const key = decodeURIComponent(found.href.replace(/\/+$/, '').replace(/^.*\//, ''))
  const by = prop(nc('trashbin-deleted-by-id'))
  return {
    id: key, key, file: prop(oc('fileid')), name: prop(nc('trashbin-filename')) || key,
    folder: prop('{DAV:}resourcetype').includes('{DAV:}collection'),
    size: Number(prop(oc('size'))) || 0,
    mime: prop('{DAV:}getcontenttype'),
    from: `/${prop(nc('trashbin-original-location'))}`,
    deleted: (Number(prop(nc('trashbin-deletion-time'))) || 0) * 1000,
    by: by === user || by === '' ? '' : prop(nc('trashbin-deleted-by-display-name')) || by,
  }
}

/** Puts something back where it lay, or into the home if that place is gone. */
export async function restore(user: string, key: string): Promise<void> {
  await send('MOVE', at(user, key), { headers: { Destination: `${location.origin}${bin(user)}/restore/${encodeURIComponent(key)}` } })
}

/** Deletes something for good. */
export async function purge(user: string, key: string): Promise<void> {
  await send('DELETE', at(user, key))
}

/** Deletes everything in the trash for good. */
export async function empty(user: string): Promise<void> {
  await send('DELETE', `${bin(user)}/trash`)
}
