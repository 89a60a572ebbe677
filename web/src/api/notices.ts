import { type Piece, rich } from './activity'
import { ocs } from './person'
import { send } from './http'

/** Something that somebody is to know, and perhaps to decide. */
export interface Note {
  id: string
  app: string
  pieces: Piece[]
  message: string
  link: string
  /** Milliseconds since 1970. */
  at: number
  actions: { label: string; method: string; link: string; primary: boolean }[]
}

type Said = Record<string, unknown>
const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
const api = '/apps/notifications/api/v2/notifications'

/** All notifications, the latest first. */
export async function notes(): Promise<Note[]> {
  return ((await ocs<Said[] | undefined>('GET', api)) ?? []).map(noteIn)
}

/** Reads one notification. Exported for its test. */
export function noteIn(said: Said): Note {
  const template = text(said.subjectRich)
  const at = Date.parse(text(said.datetime))
  return {
    id: text(said.notification_id), app: text(said.app),
    pieces: template === '' ? [{ text: text(said.subject), type: '', id: '' }] : rich(template, (said.subjectRichParameters ?? {}) as Record<string, Said>),
    message: text(said.message), link: own(text(said.link)), at: Number.isNaN(at) ? 0 : at,
    actions: ((said.actions ?? []) as Said[]).map(a => ({ label: text(a.label), method: text(a.type), link: own(text(a.link)), primary: a.primary === true })).filter(a => a.link !== ''),
  }
}

/** Only addresses of this server are followed. */
function own(link: string): string {
  try {
    const url = new URL(link, location.origin)
    return url.pathname + url.search + url.hash
  } catch {
    return ''
  }
}

export const dismissNote = (id: string): Promise<unknown> => ocs('DELETE', `${api}/${id}`)
export const dismissAll = (): Promise<unknown> => ocs('DELETE', api)

/** Does what an action of a notification says. */
export async function act(action: { method: string; link: string }): Promise<void> {
  await send(action.method, action.link)
}
