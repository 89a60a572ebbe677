import { send } from './http'

/** What an app password is limited to. Absent lists are no limit. */
export interface Limits {
  /** Only these parts of the server. */
  rooms?: string[]
  /** All but these. */
  but?: string[]
  /** Of 'read', 'write' and 'share'. */
  verbs?: string[]
  /** Only these files and folders; without a path they are gone. */
  folders?: { id: number; path?: string }[]
}

/** A credential of one's own: a browser that is signed in, or an app password. */
export interface Device {
  id: number
  /** As it named itself, or as a person named it. */
  name: string
  /** In words: 'Firefox on Linux'. */
  label: string
  form: 'browser' | 'phone' | 'desktop' | 'program'
  kind: 'session' | 'app' | 'wipe' | 'once'
  /** The one this page is seen with. */
  current: boolean
  /** Has yet to show a second factor. */
  half: boolean
  /** Ends soon unless somebody uses it. */
  waiting: boolean
  limits: Limits
  /** Where it was last used from, roughly: '192.0.2.0/24'; '' when not known. */
  network: string
  /** Milliseconds since 1970; expires is 0 for never. */
  used: number
  created: number
  expires: number
}

/** A kind of device for which there are limits ready. */
export interface Kind {
  id: string
  limits: Limits
  /** Folders are to be chosen. */
  folders: boolean
}

/** What a new app password shall be. */
export interface Wish {
  name: string
  kind?: string
  scope?: { rooms?: string[]; verbs?: string[]; folders?: number[] }
  /** Seconds since 1970, 0 for never. */
  expires?: number
  qr?: 'login'
}

/** A new app password: its secret is told this once. */
export interface Made {
  secret: string
  login: string
  device: Device
  /** A picture for the phone's camera, as an address that holds it; '' without. */
  picture: string
  /** Until when it must be scanned, in milliseconds since 1970. */
  until: number
}

interface RawDevice extends Record<string, unknown> {
  id: number
  name: string
  lastActivity: number
  type: number
  scope: Limits
}

const base = '/settings/personal/authtokens'
const json = { 'Content-Type': 'application/json', Accept: 'application/json' }
const kinds: Device['kind'][] = ['session', 'app', 'wipe', 'once']
const words = (value: unknown): string => (typeof value === 'string' ? value : '')
const moment = (value: unknown): number => (typeof value === 'number' ? value * 1000 : 0)

/** Reads a device as the server tells it. Exported for its test. */
export function deviceOf(raw: RawDevice): Device {
  const { rooms, but, verbs, folders } = raw.scope
  const form = words(raw.form)
  return {
    id: raw.id, name: raw.name, label: words(raw.label) || raw.name, form: form === 'browser' || form === 'phone' || form === 'desktop' ? form : 'program',
    kind: kinds[raw.type] ?? 'app', current: raw.current === true, half: raw.half === true, waiting: raw.waiting === true,
    limits: { ...(rooms && { rooms }), ...(but && { but }), ...(verbs && { verbs }), ...(folders && { folders }) },
    network: words(raw.network), used: moment(raw.lastActivity), created: moment(raw.created), expires: moment(raw.expires),
  }
}

/** All credentials of whoever is signed in. */
export async function devices(): Promise<Device[]> {
  return ((await (await send('GET', base)).json()) as RawDevice[]).map(deviceOf)
}

/** The kinds of devices that have limits ready. */
export async function deviceKinds(): Promise<Kind[]> {
  const all = (await (await send('GET', `${base}/kinds`)).json()) as { id: string; scope: Limits; folders?: boolean }[]
  return all.map(k => ({ id: k.id, limits: k.scope, folders: k.folders === true }))
}

/** Makes an app password. */
export async function makeDevice(wish: Wish): Promise<Made> {
  const answer = await send('POST', base, { headers: json, body: JSON.stringify(wish) })
  const said = (await answer.json()) as { token: string; loginName: string; deviceToken: RawDevice; qr?: { svg: string; expires: number } }
  const picture = said.qr ? `data:image/svg+xml;base64,${btoa(said.qr.svg)}` : ''
  return { secret: said.token, login: said.loginName, device: deviceOf(said.deviceToken), picture, until: moment(said.qr?.expires) }
}

/** Changes the name, and the limits and the end if they are given. */
export async function changeDevice(id: number, to: Wish): Promise<void> {
  await send('PUT', `${base}/${id}`, { headers: json, body: JSON.stringify(to) })
}

/** Ends a session, or revokes an app password. */
export async function endDevice(id: number): Promise<void> {
  await send('DELETE', `${base}/${id}`)
}

/** Ends all other sessions, or all else, and tells how many. */
export async function endOthers(of: 'sessions' | 'all'): Promise<number> {
  return ((await (await send('DELETE', `${base}?of=${of}`)).json()) as { revoked: number }).revoked
}

/** Has a device delete its data as soon as it asks. */
export async function wipeDevice(id: number): Promise<void> {
  await send('POST', `${base}/wipe/${id}`)
}
