import { ApiError, send } from './http'
import type { Found } from './multistatus'
import { type Hand, propfind as propfindAt, propfindBody as body } from './propfind'

/** A file or folder of the signed-in person. */
export interface Entry {
  /** The file's number, which survives renaming and moving. */
  id: string
  name: string
  /** From the home on: '/' is the home, '/a/b.txt' a file. */
  path: string
  folder: boolean
  /** Bytes; of a folder, of all that is in it. */
  size: number
  /** Milliseconds since 1970. */
  modified: number
  etag: string
  mime: string
  mayRename: boolean
  mayDelete: boolean
  mayCreate: boolean
  mayShare: boolean
  /** Whether it belongs to the person, and came by no share and from no storage elsewhere. */
  own: boolean
  favourite: boolean
  /** Whether the server makes a picture of it: see previewAddress. */
  preview: boolean
}

export interface Listing {
  folder: Entry
  entries: Entry[]
  /** What the folder says of itself, the text of its Readme.md; '' for nothing. */
  readme: string
}

/** How full a home is, in bytes; total is null without a quota. */
export interface Usage {
  used: number
  total: number | null
}

const names = {
  type: '{DAV:}resourcetype',
  modified: '{DAV:}getlastmodified',
  etag: '{DAV:}getetag',
  mime: '{DAV:}getcontenttype',
  used: '{DAV:}quota-used-bytes',
  left: '{DAV:}quota-available-bytes',
  id: '{http://owncloud.org/ns}fileid',
  size: '{http://owncloud.org/ns}size',
  may: '{http://owncloud.org/ns}permissions',
  favourite: '{http://owncloud.org/ns}favorite',
  preview: '{http://nextcloud.org/ns}has-preview',
  readme: '{http://nextcloud.org/ns}rich-workspace',
} as const

/** What an Entry is made of, for requests that list files in other ways. */
export const entryProps = '<d:resourcetype/><d:getlastmodified/><d:getetag/><d:getcontenttype/><oc:fileid/><oc:size/><oc:permissions/><oc:favorite/><nc:has-preview/>'
const entryBody = body(entryProps)
const listBody = body(`${entryProps}<nc:rich-workspace/>`)
const usageProps = body('<d:quota-used-bytes/><d:quota-available-bytes/>')

const home = (user: string): string => `/remote.php/dav/files/${encodeURIComponent(user)}`

/** The address of a path, escaped segment by segment. */
export function addressOf(user: string, path: string): string {
  return home(user) + path.split('/').map(encodeURIComponent).join('/')
}

/** The address that downloads one file. */
export const downloadAddress = addressOf

/** The address that downloads some entries of a folder, or all of it, as a zip archive. */
export function zipAddress(user: string, folder: string, picked: string[]): string {
  const files = picked.length > 0 ? `&files=${encodeURIComponent(JSON.stringify(picked))}` : ''
  return `${addressOf(user, folder)}?accept=zip${files}`
}

/** From how many entries on what has come so far is handed out, of a list that is slow or is long, and how many times as many it takes for the next time. */
const [enough, many, growth] = [100, 1500, 8]
/** Milliseconds within which a listing is expected to be whole: till then only of a long one something is handed out. */
const soon = 250

/**
 * Lists a folder. counted is told now and then how many entries have come, so of a long list what its beginning is;
 * nothing more is read till the promise that it gives is kept.
 */
export async function list(user: string, path: string, signal?: AbortSignal, counted?: (n: number) => void, so?: (begun: Listing) => Promise<void>): Promise<Listing> {
  let folder: Entry | undefined
  let readme = ''
  const entries: Entry[] = []
  const began = performance.now()
  let next = enough
  await propfind(user, path, '1', listBody, signal, found => {
    const entry = entryOf(user, found)
    if (entry.path === path) {
      folder = entry
      readme = found.props.get(names.readme) ?? ''
    } else entries.push(entry)
    if (entries.length % 500 === 0) counted?.(entries.length)
    if (!so || !folder || entries.length < next || (entries.length < many && performance.now() - began < soon)) return
    next = entries.length * growth
    return so({ folder, entries: [...entries], readme })
  })
  if (!folder) throw new ApiError(0, 'The listing came without its folder. Try again.')
  if (!folder.folder) throw new ApiError(404, 'This is a file, not a folder.')
  return { folder, entries, readme }
}

/** Lists the folders in a folder, by name alone. */
export async function foldersIn(user: string, path: string, signal?: AbortSignal): Promise<Pick<Entry, 'id' | 'name' | 'path' | 'mayCreate'>[]> {
  const folders: Pick<Entry, 'id' | 'name' | 'path' | 'mayCreate'>[] = []
  await propfind(user, path, '1', body('<d:resourcetype/><oc:fileid/><oc:permissions/>'), signal, found => {
    const { id, name, path: at, folder, mayCreate } = entryOf(user, found)
    if (folder && at !== path) folders.push({ id, name, path: at, mayCreate })
  })
  return folders
}

/** Asks about one file or folder. */
export async function stat(user: string, path: string, signal?: AbortSignal): Promise<Entry> {
  let entry: Entry | undefined
  await propfind(user, path, '0', entryBody, signal, found => (entry = entryOf(user, found)))
  if (!entry) throw new ApiError(404, 'It is not there any more.')
  return entry
}

/** Asks how full the home is. */
export async function usage(user: string): Promise<Usage> {
  let result: Usage = { used: 0, total: null }
  await propfind(user, '/', '0', usageProps, undefined, found => {
    const used = number(found.props.get(names.used))
    const left = number(found.props.get(names.left))
    result = { used, total: left < 0 ? null : used + left }
  })
  return result
}

export async function makeFolder(user: string, path: string, signal?: AbortSignal): Promise<void> {
  await send('MKCOL', addressOf(user, path), { signal })
}

/** Moves or renames. Unless it may replace, 412 says that there is something of this name. */
export async function move(user: string, from: string, to: string, replace = false): Promise<void> {
  await send('MOVE', addressOf(user, from), { headers: leading(user, to, replace) })
}

/** Copies, a folder with all that is in it. Unless it may replace, 412 says that there is something of this name. */
export async function copy(user: string, from: string, to: string, replace = false): Promise<void> {
  await send('COPY', addressOf(user, from), { headers: leading(user, to, replace) })
}

const leading = (user: string, to: string, replace: boolean): Record<string, string> =>
  ({ Destination: location.origin + addressOf(user, to), Overwrite: replace ? 'T' : 'F' })

/** Makes an empty file. 412 says that there is something of this name. */
export async function makeFile(user: string, path: string): Promise<void> {
  await send('PUT', addressOf(user, path), { headers: { 'If-None-Match': '*' }, body: '' })
}

/** Makes something a favourite, or no longer one. */
export async function setFavourite(user: string, path: string, on: boolean): Promise<void> {
  const change = '<?xml version="1.0"?><d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop>'
    + `<oc:favorite>${on ? 1 : 0}</oc:favorite></d:prop></d:set></d:propertyupdate>`
  await send('PROPPATCH', addressOf(user, path), { headers: { 'Content-Type': 'application/xml; charset=utf-8' }, body: change })
}

export async function remove(user: string, path: string): Promise<void> {
  await send('DELETE', addressOf(user, path))
}

const propfind = (user: string, path: string, depth: string, props: string, signal: AbortSignal | undefined, found: Hand): Promise<void> =>
  propfindAt(addressOf(user, path), depth, props, found, signal)

/** The address of a picture of a file that fits into a square of so many pixels; cover fills the square instead. */
export const previewAddress = (entry: Entry, size: number, cover = false): string =>
  `/core/preview?fileId=${encodeURIComponent(entry.id)}&x=${size}&y=${size}&a=${cover ? 0 : 1}&v=${encodeURIComponent(entry.etag.replaceAll('"', ''))}`

/** What there is a preview of where the server does not say. */
const pictures = /^image\/(png|jpeg|gif|webp)$/

/** Makes an Entry of a response of a listing. */
export function entryOf(user: string, found: Found): Entry {
  const path = pathOf(user, found.href)
  const prop = (name: string): string => found.props.get(name) ?? ''
  const may = prop(names.may)
  const modified = Date.parse(prop(names.modified))
  return {
    id: prop(names.id) || path,
    name: path.slice(path.lastIndexOf('/') + 1),
    path,
    folder: prop(names.type).includes('{DAV:}collection'),
    size: number(prop(names.size)),
    modified: Number.isNaN(modified) ? 0 : modified,
    etag: prop(names.etag),
    mime: prop(names.mime),
    mayRename: may.includes('N'),
    mayDelete: may.includes('D'),
    mayCreate: may.includes('C'),
    mayShare: may.includes('R'),
    own: !/[SM]/.test(may),
    favourite: prop(names.favourite) === '1',
    preview: prop(names.preview) === 'true' || (!found.props.has(names.preview) && pictures.test(prop(names.mime))),
  }
}

/** The folder that the last address lay in, and its path: listings name one after the other. */
let last = { user: '', folder: '', path: '' }

function pathOf(user: string, href: string): string {
  const end = href.endsWith('/') ? href.length - 1 : href.length
  const cut = href.lastIndexOf('/', end - 1)
  const folder = href.slice(0, cut)
  if (folder === last.folder && user === last.user && cut + 1 < end) return `${last.path}/${decoded(href.slice(cut + 1, end))}`
  const path = wholePath(user, href)
  if (path !== '/') last = { user, folder, path: path.slice(0, path.lastIndexOf('/')) }
  return path
}

function wholePath(user: string, href: string): string {
  const address = href.replace(/^https?:\/\/[^/]*/, '').replace(/\/+$/, '')
  const all = address.split('/').map(decoded)
  const own = `/remote.php/dav/files/${user}`.split('/')
  const at = all.findIndex((_, i) => own.slice(1).every((segment, k) => all[i + k] === segment))
  if (at < 0) throw new SyntaxError(`${href} lies outside of the home`)
  return `/${all.slice(at + own.length - 1).join('/')}`
}

const decoded = (segment: string): string => (segment.includes('%') ? decodeURIComponent(segment) : segment)

function number(text: string | undefined): number {
  const n = Number(text)
  return text && Number.isFinite(n) ? n : 0
}
