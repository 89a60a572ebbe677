import { ApiError, escapeXml, send } from './http'
import { type Found, Multistatus } from './multistatus'
import { ocs } from './person'

/** What somebody said of a file. */
export interface Comment {
  id: string
  by: string
  name: string
  text: string
  /** Milliseconds since 1970. */
  at: number
  unread: boolean
}

const oc = (local: string): string => `{http://owncloud.org/ns}${local}`
const top = (file: string): string => `/remote.php/dav/comments/files/${encodeURIComponent(file)}`
const xml = { 'Content-Type': 'application/xml; charset=utf-8' }

/** How many comments are asked for at once. */
export const page = 30

/** What was said of a file by its number, the newest first. */
export async function comments(file: string, offset = 0): Promise<Comment[]> {
  const body = `<?xml version="1.0"?><oc:filter-comments xmlns:oc="http://owncloud.org/ns"><oc:limit>${page}</oc:limit><oc:offset>${offset}</oc:offset></oc:filter-comments>`
  const answer = await send('REPORT', top(file), { headers: xml, body })
  const all: Comment[] = []
  const reader = new Multistatus(found => all.push(commentIn(found)))
  try {
    reader.push(await answer.text())
    reader.end()
  } catch {
    throw new ApiError(0, 'The answer did not come whole. Try again.', answer.headers.get('X-Request-Id') ?? '')
  }
  return all
}

/** Reads one comment. Exported for its test. */
export function commentIn(found: Found): Comment {
  const prop = (name: string): string => found.props.get(oc(name)) ?? ''
  const at = Date.parse(prop('creationDateTime'))
  return {
    id: prop('id'), by: prop('actorId'), name: prop('actorDisplayName') || prop('actorId'), text: prop('message'),
    at: Number.isNaN(at) ? 0 : at, unread: prop('isUnread') === 'true',
  }
}

export async function say(file: string, message: string): Promise<void> {
  await send('POST', top(file), { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ actorType: 'users', verb: 'comment', message }) })
}

export async function rewrite(file: string, id: string, message: string): Promise<void> {
  const body = `<?xml version="1.0"?><d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop><oc:message>${escapeXml(message)}</oc:message></d:prop></d:set></d:propertyupdate>`
  await send('PROPPATCH', `${top(file)}/${id}`, { headers: xml, body })
}

export async function unsay(file: string, id: string): Promise<void> {
  await send('DELETE', `${top(file)}/${id}`)
}

/** Remembers that everything said so far was read. */
export async function markRead(file: string): Promise<void> {
  const body = '<?xml version="1.0"?><d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop><oc:readMarker/></d:prop></d:set></d:propertyupdate>'
  await send('PROPPATCH', top(file), { headers: xml, body })
}

/** Somebody whose name may stand after an @. */
export interface Mentionable {
  id: string
  name: string
}

/** People whose names begin so, to be mentioned at a file by its number. */
export async function mentionable(letters: string, file: string): Promise<Mentionable[]> {
  const query = new URLSearchParams({ search: letters, itemType: 'files', itemId: file, 'shareTypes[]': '0', limit: '6' })
  const found = await ocs<{ id: string; label: string; source: string }[]>('GET', `/core/autocomplete/get?${query}`)
  return found.filter(one => one.source === 'users').map(({ id, label }) => ({ id, name: label || id }))
}
