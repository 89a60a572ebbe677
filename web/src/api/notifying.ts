import { send } from './http'
import { ocs } from './person'

/** What a person is told of, and how. */
export interface Telling {
  /** Each kind of fact: whether it is in the stream of activities, and whether mail comes. */
  kinds: { id: string; stream: boolean; mail: boolean }[]
  /** How often mail comes. */
  rhythm: Rhythm
  /** Whether what one did oneself is in the mail. */
  own: boolean
  /** Whether there is a feed for feed readers. */
  feed: boolean
}

export type Rhythm = 'soon' | 'hourly' | 'daily' | 'weekly'

/** How the list of notifications reaches a person. */
export interface Bell {
  /** Mail about what is new on the list at most so often, in seconds; 0 for none. */
  batch: number
  sound: boolean
  talk: boolean
}

const rhythms: readonly Rhythm[] = ['hourly', 'daily', 'weekly', 'soon'] // by the numbers of the form
const activity = '/apps/activity/settings'

interface Raw {
  types: { type: string; stream: boolean; email: boolean }[]
  notify_setting_batchtime: number
  notify_setting_selfemail: boolean
  feed: boolean
}

async function form<T>(url: string, fields: Record<string, string>): Promise<T> {
  const answer = await send('POST', url, { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields).toString() })
  return ((await answer.json()) as { data: T }).data
}

/** Reads the answer of the activity's settings. Exported for its test. */
export function tellingOf(raw: Raw): Telling {
  return {
    kinds: raw.types.map(k => ({ id: k.type, stream: k.stream, mail: k.email })),
    rhythm: rhythms[raw.notify_setting_batchtime] ?? 'hourly', own: raw.notify_setting_selfemail, feed: raw.feed,
  }
}

export async function telling(): Promise<Telling> {
  return tellingOf(((await (await send('GET', activity)).json()) as { data: Raw }).data)
}

export const tellOf = (kind: string, by: 'stream' | 'email', on: boolean): Promise<unknown> => form(activity, { [`${kind}_${by}`]: on ? '1' : '0' })
export const setRhythm = (rhythm: Rhythm): Promise<unknown> => form(activity, { notify_setting_batchtime: String(rhythms.indexOf(rhythm)) })
export const setOwn = (on: boolean): Promise<unknown> => form(activity, { notify_setting_selfemail: on ? '1' : '0' })

/** Makes a feed with a new address, which is told this once; the former one ends. */
export const newFeed = async (): Promise<string> => (await form<{ rsslink: string }>(`${activity}/feed`, { enable: 'true' })).rsslink
export const endFeed = (): Promise<unknown> => form(`${activity}/feed`, { enable: 'false' })

interface RawBell {
  batchSetting: number
  soundNotification: boolean
  soundTalk: boolean
}

export async function bell(): Promise<Bell> {
  const raw = await ocs<RawBell>('GET', '/apps/notifications/api/v2/settings')
  return { batch: raw.batchSetting, sound: raw.soundNotification, talk: raw.soundTalk }
}

export const setBell = (to: Bell): Promise<unknown> =>
  ocs('POST', '/apps/notifications/api/v2/settings', { batchSetting: to.batch, soundNotification: to.sound, soundTalk: to.talk })
