import { ApiError } from './http'
import { ocs } from './person'

export const states = ['online', 'away', 'busy', 'dnd', 'invisible'] as const
export type State = (typeof states)[number] | 'offline'

/** What somebody shows of themselves. */
export interface Status {
  status: State
  message: string | null
  icon: string | null
  /** Unix time at which the message goes; null: it stays. */
  clearAt: number | null
  messageId: string | null
}

/** A message that the server suggests, and how long it usually stays. */
export interface Predefined {
  id: string
  icon: string
  message: string
  clearAt: Until | null
}

export type Until = { type: 'period'; time: number } | { type: 'end-of'; time: 'day' | 'week' }

/** A time in which somebody does not work. */
export interface Absence {
  firstDay: string
  lastDay: string
  status: string
  message: string
  replacementUserId: string | null
}

const root = '/apps/user_status/api/v1'
const away = (id: string): string => `/apps/dav/api/v1/outOfOffice/${encodeURIComponent(id)}`

async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}

/** One's own status; undefined before there ever was one. */
export const status = (): Promise<Status | undefined> => orNothing(ocs<Status>('GET', `${root}/user_status`))
export const predefined = (): Promise<Predefined[]> => ocs('GET', `${root}/predefined_statuses`)
export const setState = (statusType: State): Promise<unknown> => ocs('PUT', `${root}/user_status/status`, { statusType })
export const setMessage = (statusIcon: string | null, message: string, clearAt: number | null): Promise<unknown> =>
  ocs('PUT', `${root}/user_status/message/custom`, { statusIcon, message, clearAt })
export const setPredefined = (messageId: string, clearAt: number | null): Promise<unknown> =>
  ocs('PUT', `${root}/user_status/message/predefined`, { messageId, clearAt })
export const clearMessage = (): Promise<unknown> => ocs('DELETE', `${root}/user_status/message`)

/** Tells the server that somebody is here, or that they have not moved for a while. */
export const beat = (state: 'online' | 'away'): Promise<unknown> => ocs('PUT', `${root}/heartbeat`, { status: state })

/** The absence of an account; undefined if it has none. */
export const absence = (id: string): Promise<Absence | undefined> => orNothing(ocs<Absence>('GET', away(id)))
export const leave = (id: string, a: Absence): Promise<unknown> => ocs('POST', away(id), a)
export const comeBack = (id: string): Promise<unknown> => ocs('DELETE', away(id))

/** When something ends that begins now, as Unix time. */
export function endOf(until: Until | null, now = new Date()): number | null {
  if (until === null) return null
  if (until.type === 'period') return Math.floor(now.getTime() / 1000) + until.time
  const days = until.time === 'week' ? 7 - ((now.getDay() + 6) % 7) : 1 // a week begins on Monday
  return Math.floor(new Date(now.getFullYear(), now.getMonth(), now.getDate() + days).getTime() / 1000)
}
