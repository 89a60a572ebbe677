import { type Entry, addressOf, entryOf, entryProps } from './dav'
import { ask } from './propfind'

const spaces = 'xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"'
/** How many files the list of recent ones has at most. */
const manyRecent = 200

/** The files and folders that meet rules, wherever they lie. */
async function meeting(user: string, rules: string, signal?: AbortSignal): Promise<Entry[]> {
  const all: Entry[] = []
  const body = `<?xml version="1.0"?><oc:filter-files ${spaces}><d:prop>${entryProps}</d:prop><oc:filter-rules>${rules}</oc:filter-rules></oc:filter-files>`
  await ask('REPORT', addressOf(user, '/'), {}, body, found => all.push(entryOf(user, found)), signal)
  return all
}

/** What the person has made a favourite. */
export const favourites = (user: string, signal?: AbortSignal): Promise<Entry[]> => meeting(user, '<oc:favorite>1</oc:favorite>', signal)

/** What carries all of these tags. */
export const tagged = (user: string, tags: readonly string[], signal?: AbortSignal): Promise<Entry[]> =>
  meeting(user, tags.map(id => `<oc:systemtag>${Number(id)}</oc:systemtag>`).join(''), signal)

/** The files that were changed last. */
export async function recent(user: string, signal?: AbortSignal): Promise<Entry[]> {
  const all: Entry[] = []
  const escaped = encodeURIComponent(user)
  const body = `<?xml version="1.0"?><d:searchrequest ${spaces}><d:basicsearch><d:select><d:prop>${entryProps}</d:prop></d:select>`
    + `<d:from><d:scope><d:href>/files/${escaped}</d:href><d:depth>infinity</d:depth></d:scope></d:from>`
    + '<d:where><d:not><d:is-collection/></d:not></d:where>'
    + '<d:orderby><d:order><d:prop><d:getlastmodified/></d:prop><d:descending/></d:order></d:orderby>'
    + `<d:limit><d:nresults>${manyRecent}</d:nresults></d:limit></d:basicsearch></d:searchrequest>`
  await ask('SEARCH', '/remote.php/dav/', {}, body, found => all.push(entryOf(user, found)), signal)
  return all
}
