import { send } from './http'
import { ocs } from './person'

/** A room of the server that can be asked, and which filters it knows. */
export interface Provider {
  id: string
  name: string
  filters: ReadonlySet<string>
}

/** Something that was found. */
export interface Hit {
  id: string
  title: string
  /** Where it lies, or the words around what was found. */
  detail: string
  /** From the home on; '' for what is no file. */
  path: string
  picture: string
  /** Of a file: image, video, audio, text or another word of its kind; '' if the server does not tell. */
  family: string
  folder: boolean
  url: string
}

/** Some of what was found; next is '' when there is no more. */
export interface Page {
  hits: Hit[]
  next: string
}

/** What narrows a search, as the server names it: type, since, person, tag, path. */
export type Filters = Readonly<Record<string, string>>

type Said = Record<string, unknown>
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export async function providers(): Promise<Provider[]> {
  return (await ocs<Said[]>('GET', '/search/providers')).map(said => ({
    id: text(said.id), name: text(said.name), filters: new Set(Object.keys((said.filters ?? {}) as Said)),
  }))
}

/** Asks one provider. */
export async function search(provider: string, term: string, filters: Filters, limit: number, from = '', signal?: AbortSignal): Promise<Page> {
  const query = new URLSearchParams({ term, limit: String(limit), format: 'json', ...(from === '' ? {} : { cursor: from }), ...filters })
  const answer = await send('GET', `/ocs/v2.php/search/providers/${encodeURIComponent(provider)}/search?${query}`, { signal })
  return pageIn(((await answer.json()) as { ocs: { data: Said } }).ocs.data, limit)
}

/** Reads an answer. Exported for its test. */
export function pageIn(said: Said, limit: number): Page {
  const hits = ((said.entries ?? []) as Said[]).map(entry => {
    const more = (entry.attributes ?? {}) as Said
    return {
      id: text(more.fileId), title: text(entry.title), detail: text(entry.subline), path: text(more.path), picture: text(entry.thumbnailUrl),
      family: /\/([a-z]+)\.svg$/.exec(text(entry.icon))?.[1] ?? '', folder: text(entry.icon).includes('/folder'), url: text(entry.resourceUrl),
    }
  })
  const more = said.isPaginated === true && hits.length >= limit && said.cursor !== null
  return { hits, next: more ? String(said.cursor) : '' }
}

/** Whose files one sees beside one's own: id and name. */
export async function owners(): Promise<{ id: string; name: string }[]> {
  const said = await ocs<Said[]>('GET', '/apps/files_sharing/api/v1/shares?shared_with_me=true')
  const found = new Map(said.map(one => [text(one.uid_file_owner) || text(one.uid_owner), text(one.displayname_file_owner) || text(one.displayname_owner)]))
  return [...found].filter(([id]) => id !== '').map(([id, name]) => ({ id, name: name || id })).sort((a, b) => a.name.localeCompare(b.name))
}
