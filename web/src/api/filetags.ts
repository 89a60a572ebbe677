import { send } from './http'
import { ocs } from './person'
import { propfind, propfindBody } from './propfind'

/** A word that is put on files, for everybody who sees them. */
export interface FileTag {
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

async function listed(url: string): Promise<FileTag[]> {
  const all: FileTag[] = []
  await propfind(url, '1', props, ({ props: found }) => {
    const tag = tagIn(found)
    if (tag.id !== '') all.push(tag)
  })
  return all.sort((a, b) => a.name.localeCompare(b.name))
}

/** Reads one tag. Exported for its test. */
export function tagIn(found: ReadonlyMap<string, string>): FileTag {
  return {
    id: found.get(oc('id')) ?? '', name: found.get(oc('display-name')) ?? '', color: found.get('{http://nextcloud.org/ns}color') ?? '', mayAssign: found.get(oc('can-assign')) === 'true',
  }
}

/** All tags that one may see. */
export const allTags = (): Promise<FileTag[]> => listed(`${top}/systemtags`)

/** The tags on a file by its number. */
export const tagsOf = (file: string): Promise<FileTag[]> => listed(`${top}/systemtags-relations/files/${file}`)

export async function putTag(file: string, tag: string): Promise<void> {
  await send('PUT', `${top}/systemtags-relations/files/${file}/${tag}`)
}

export async function takeTag(file: string, tag: string): Promise<void> {
  await send('DELETE', `${top}/systemtags-relations/files/${file}/${tag}`)
}

/** Makes a tag and puts it on a file. */
export async function makeTag(file: string, name: string): Promise<void> {
  const body = JSON.stringify({ name, userVisible: true, userAssignable: true })
  await send('POST', `${top}/systemtags-relations/files/${file}`, { headers: { 'Content-Type': 'application/json' }, body })
}

const reminder = (file: string): string => `/apps/files_reminders/api/v1/${file}`

/** When one wants to be reminded of a file, in milliseconds since 1970; 0 for never. */
export async function reminderOf(file: string): Promise<number> {
  const { dueDate } = await ocs<{ dueDate: string | null }>('GET', reminder(file))
  return dueDate === null ? 0 : Date.parse(dueDate)
}

export const remind = (file: string, at: number): Promise<unknown> => ocs('PUT', reminder(file), { dueDate: new Date(at).toISOString() })

export const forgetReminder = (file: string): Promise<unknown> => ocs('DELETE', reminder(file))
