import { send } from './http'

/** Calls an OCS endpoint and returns its data. */
export async function ocs<T>(method: string, path: string, body?: object): Promise<T> {
  const mark = path.includes('?') ? '&' : '?'
  const call = body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await send(method, `/ocs/v2.php${path}${mark}format=json`, call)
  if (answer.status === 204) return undefined as T
  return ((await answer.json()) as { ocs: { data: T } }).ocs.data
}

/** Who may see a field. */
export type Scope = 'v2-private' | 'v2-local' | 'v2-federated' | 'v2-published'

/** What an account says of its owner. */
export interface Person {
  id: string
  /** By name: displayname, email, phone … */
  values: Record<string, string>
  scopes: Record<string, Scope>
  /** What can be changed here; the rest is kept by a directory elsewhere. */
  editable: ReadonlySet<string>
}

/** Everything about whoever is signed in. */
export async function person(): Promise<Person> {
  const [said, editable] = await Promise.all([ocs<Record<string, unknown>>('GET', '/cloud/user'), ocs<string[]>('GET', '/cloud/user/fields')])
  return personIn(said, editable)
}

/** Sorts what cloud/user says. Exported for its test. */
export function personIn(said: Record<string, unknown>, editable: readonly string[]): Person {
  const values: Record<string, string> = {}
  const scopes: Record<string, Scope> = {}
  for (const [name, value] of Object.entries(said)) {
    if (Array.isArray(value) || (typeof value === 'object' && value !== null)) continue
    const text = value === null ? '' : String(value)
    if (name.endsWith('Scope')) scopes[name.slice(0, -'Scope'.length)] = text as Scope
    else values[name] = text
  }
  return { id: values.id ?? '', values, scopes, editable: new Set(editable) }
}

/** Changes one field of an account, or with Scope after its name who sees it. */
export const change = (id: string, key: string, value: string): Promise<unknown> => ocs('PUT', `/cloud/users/${encodeURIComponent(id)}`, { key, value })

export const avatarOf = (id: string, size: number): string => `/avatar/${encodeURIComponent(id)}/${size}`

/** Whether somebody has uploaded a picture, rather than being shown by a letter. */
export async function hasPicture(id: string): Promise<boolean> {
  return (await send('HEAD', avatarOf(id, 64))).headers.get('X-NC-IsCustomAvatar') === '1'
}

export async function uploadPicture(file: File): Promise<void> {
  const form = new FormData()
  form.append('files[]', file)
  await send('POST', '/avatar', { body: form })
}

export async function removePicture(): Promise<void> {
  await send('DELETE', '/avatar')
}
