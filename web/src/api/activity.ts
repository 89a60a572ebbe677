import { send } from './http'

/** A piece of a sentence: words, or the name of a thing or person. */
export interface Piece {
  text: string
  /** 'file', 'user' …; '' for words. */
  type: string
  /** Of a file, its number. */
  id: string
}

/** Something that happened. */
export interface Happening {
  id: string
  type: string
  by: string
  pieces: Piece[]
  /** Milliseconds since 1970. */
  at: number
}

type Said = Record<string, unknown>
const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** What happened to a file by its number, the latest first. since goes on after the last one. */
export async function activityOf(file: string, since = ''): Promise<Happening[]> {
  const more = since === '' ? '' : `&since=${since}`
  const answer = await send('GET', `/ocs/v2.php/apps/activity/api/v2/activity/filter?object_type=files&object_id=${encodeURIComponent(file)}&limit=30${more}&format=json`)
    .catch((error: unknown) => {
      if (typeof error === 'object' && error !== null && 'status' in error && error.status === 304) return undefined // nothing older
      throw error
    })
  if (!answer || answer.status === 204) return []
  const said = (await answer.json()) as { ocs: { data: Said[] } }
  return said.ocs.data.map(happeningIn)
}

/** Reads one happening. Exported for its test. */
export function happeningIn(said: Said): Happening {
  const [template, things] = (said.subject_rich ?? []) as [string?, Record<string, Said>?]
  const pieces = template ? rich(template, things ?? {}) : [{ text: text(said.subject), type: '', id: '' }]
  const at = Date.parse(text(said.datetime))
  return { id: text(said.activity_id), type: text(said.type), by: text(said.user), pieces, at: Number.isNaN(at) ? 0 : at }
}

/** Takes a sentence with {places} apart and puts the names of things into them. Exported for its test. */
export function rich(template: string, things: Record<string, Said>): Piece[] {
  return template.split(/(\{[a-zA-Z0-9_-]+\})/).filter(part => part !== '').map(part => {
    const thing = part.startsWith('{') ? things[part.slice(1, -1)] : undefined
    return thing ? { text: text(thing.name), type: text(thing.type), id: text(thing.id) } : { text: part, type: '', id: '' }
  })
}
