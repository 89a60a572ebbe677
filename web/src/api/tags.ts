import { send } from './http'
import { propfind, propfindBody } from './propfind'

/** A word that is put on files, for everybody who sees them. */
export interface Tag {
  id: string
  name: string
  /** Six hexadecimal digits; '' for none. */
  color: string
  /** Whether one may put it on files and take it off. */
  mayAssign: boolean
}

const oc = (local: string): string => `{http://owncloud.org/ns}${local}`
const props = propfindBody('<oc:id/><oc:display-name/><oc:can-assign/><nc:color/>')
const top = '/remote.php/dav'
const relation = (file: string): string => `${top}/systemtags-relations/files/${file}`

async function listed(url: string, signal?: AbortSignal): Promise<Tag[]> {
  const all: Tag[] = []
  await propfind(url, '1', props, ({ props: found }) => {
    const tag = tagIn(found)
    if (tag.id !== '') all.push(tag)
  }, signal)
  return all.sort((a, b) => a.name.localeCompare(b.name))
}

/** Reads one tag. Exported for its test. */
export function tagIn(found: ReadonlyMap<string, string>): Tag {
  return {
    id: found.get(oc('id')) ?? '', name: found.get(oc('display-name')) ?? '', color: found.get('{http://nextcloud.org/ns}color') ?? '', mayAssign: found.get(oc('can-assign')) === 'true',
  }
}

/** All tags that one may see, by name. */
export const tags = (signal?: AbortSignal): Promise<Tag[]> => listed(`${top}/systemtags/`, signal)

/** The tags on a file by its number. */
export const tagsOf = (file: string): Promise<Tag[]> => listed(relation(file))

export async function putTag(file: string, tag: string): Promise<void> {
  await send('PUT', `${relation(file)}/${tag}`)
}

export async function takeTag(file: string, tag: string): Promise<void> {
  await send('DELETE', `${relation(file)}/${tag}`)
}

/** Makes a tag and puts it on a file. */
export async function makeTag(file: string, name: string): Promise<void> {
  const body = JSON.stringify({ name, userVisible: true, userAssignable: true })
  await send('POST', relation(file), { headers: { 'Content-Type': 'application/json' }, body })
}
