import { send } from './http'
import { type Ceremony, askKey } from './keys'

/** A security key or passkey. */
export interface Key {
  id: number
  name: string
  passkey: boolean
  synced: boolean
  /** Its counter went back: somebody may have a copy, and the server refuses it. */
  cloned: boolean
  created: string
  /** When it was last used; it begins with year 1 if it never was. */
  used: string
}

/** The second factors of whoever is signed in. */
export interface Factors {
  /** Whether the administrator asks for one. */
  must: boolean
  totp: boolean
  keys: Key[]
  backup: { enabled: boolean; total: number; used: number }
  /** Whether keys can work at the server's address. */
  keyable: boolean
}

/** What an authenticator app needs. */
export interface Secret {
  secret: string
  qrUrl: string
  /** A picture of it, as data URL. */
  qr: string
}

async function call<T>(method: string, url: string, body?: object | string): Promise<T> {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? {})
  const answer = await send(method, url, method === 'GET' ? {} : { headers: { 'Content-Type': 'application/json' }, body: text })
  return (await answer.json()) as T
}

const totp = '/apps/twofactor_totp/settings/enable'

export const factors = (): Promise<Factors> => call('GET', '/settings/personal/second-factors')

/** Makes a new secret. It is not in force before its code was typed. */
export const beginApp = (): Promise<Secret> => call('POST', totp, { state: 1 })

/** Puts the new secret in force. Returns false if the code is not right. */
export const learnApp = async (code: string): Promise<boolean> => (await call<{ state: number }>('POST', totp, { state: 2, code })).state === 2

export const forgetApp = async (): Promise<void> => void (await call('POST', totp, { state: 0 }))

/** Makes ten codes that replace those before. Nobody can read them again. */
export const makeCodes = async (): Promise<string[]> =>
  (await call<{ codes: string[] }>('POST', '/apps/twofactor_backupcodes/settings/create')).codes

export const beginKey = (): Promise<Ceremony> => call('POST', '/settings/personal/keys/begin')

/** Has a key answer, and adds it. Without a name it gets one. */
export async function addKey(ceremony: Ceremony, name: string): Promise<Key> {
  const answer = JSON.parse(await askKey(ceremony)) as object
  return call('POST', '/settings/personal/keys', { ...answer, name })
}

export const renameKey = async (id: number, name: string): Promise<void> => void (await call('PUT', `/settings/personal/keys/${id}`, { name }))

export const removeKey = async (id: number): Promise<void> => void (await call('DELETE', `/settings/personal/keys/${id}`))

/** Asks for what a key needs to stand for the password; its ticket is '' where there is no key. */
export const beginConfirm = (): Promise<Ceremony> => call('POST', '/login/confirm/passkey/begin')

/** Shows a key instead of typing the password again. */
export const confirmByKey = async (ceremony: Ceremony): Promise<void> => void (await call('POST', '/login/confirm/passkey', await askKey(ceremony)))
