import { type Entry, addressOf, entryOf, entryProps } from './dav'
import { escapeXml, send } from './http'
import { type Found, Multistatus } from './multistatus'
import { ocs } from './person'

/** A photo or film among those of a person. */
export interface Photo extends Entry {
  /** When it was taken, in milliseconds since 1970 by the clock of the camera; of what does not tell, when its file was changed. */
  taken: number
  /** Pixels, upright; 0 if not known. */
  width: number
  height: number
}

export interface Day {
  /** Such as '2026-11-22'. */
  day: string
  count: number
}

const spaces = 'xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"'
const taken = '<nc:metadata-photos-original_date_time/>'
const props = `<d:prop>${entryProps}${taken}<nc:metadata-photos-size/></d:prop>`
const nc = (local: string): string => `{http://nextcloud.org/ns}metadata-photos-${local}`
const isMedia = (entry: Entry): boolean => /^(image|video)\//.test(entry.mime)

/** On which days somebody has photos, the last first. */
export const days = (): Promise<Day[]> => ocs<Day[]>('GET', '/apps/media/api/v1/days')

/** The photos of some time, in milliseconds, the last first. */
export async function between(user: string, from: number, until: number, signal?: AbortSignal): Promise<Photo[]> {
  const compare = (op: string, prop: string, literal: string): string => `<d:${op}><d:prop>${prop}</d:prop><d:literal>${literal}</d:literal></d:${op}>`
  const kinds = ['image/%', 'video/%'].map(kind => compare('like', '<d:getcontenttype/>', kind)).join('')
  const body = `<?xml version="1.0"?><d:searchrequest ${spaces}><d:basicsearch><d:select>${props}</d:select>`
    + `<d:from><d:scope><d:href>/files/${encodeURIComponent(user)}</d:href><d:depth>infinity</d:depth></d:scope></d:from>`
    + `<d:where><d:and><d:or>${kinds}</d:or>${compare('gte', taken, String(from / 1000))}${compare('lt', taken, String(until / 1000))}</d:and></d:where>`
    + `<d:orderby><d:order><d:prop>${taken}</d:prop><d:descending/></d:order></d:orderby></d:basicsearch></d:searchrequest>`
  return ask('SEARCH', '/remote.php/dav/', body, user, signal)
}

/** What gathers photos: the favourites, a tag by its number, an album by its name. */
export type Gathered = { favourite: true } | { tag: string } | { album: string }

function ruleOf(of: Gathered): string {
  if ('tag' in of) return `<oc:systemtag>${Number(of.tag)}</oc:systemtag>`
  return 'album' in of ? `<oc:photos-album>${escapeXml(of.album)}</oc:photos-album>` : '<oc:favorite>1</oc:favorite>'
}

/** The photos that something gathers; the last taken first. */
export async function gathered(user: string, of: Gathered, signal?: AbortSignal): Promise<Photo[]> {
  const body = `<?xml version="1.0"?><oc:filter-files ${spaces}>${props}<oc:filter-rules>${ruleOf(of)}</oc:filter-rules></oc:filter-files>`
  const all = await ask('REPORT', addressOf(user, '/'), body, user, signal)
  return all.sort((a, b) => b.taken - a.taken)
}

async function ask(method: string, url: string, body: string, user: string, signal: AbortSignal | undefined): Promise<Photo[]> {
  const all: Photo[] = []
  const parser = new Multistatus(found => {
    const photo = photoOf(user, found)
    if (isMedia(photo)) all.push(photo)
  })
  parser.push(await (await send(method, url, { headers: { 'Content-Type': 'application/xml; charset=utf-8' }, body, signal })).text())
  parser.end()
  return all
}

/** Makes a Photo of a response. Exported for its test. */
export function photoOf(user: string, found: Found): Photo {
  const entry = entryOf(user, found)
  const [, width = '0', height = '0'] = /width(\d+)\D+height(\d+)/.exec(found.props.get(nc('size')) ?? '') ?? []
  return { ...entry, taken: (Number(found.props.get(nc('original_date_time'))) || 0) * 1000 || entry.modified, width: Number(width), height: Number(height) }
}
