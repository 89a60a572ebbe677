import { send } from './http'
import { ocs } from './person'

/** An entry that an external app has put into a menu of ours. */
export interface Added {
  app: string
  name: string
  label: string
  /** A path of the app; '' for none. */
  icon: string
}

/** One in the menus of files. */
export interface AddedAction extends Added {
  mime: string
  /** Any of these bits is enough: 1 read, 2 change, 4 create, 8 delete, 16 share. */
  permissions: number
}

/** What external apps add, as the capabilities tell it. */
export interface Extras {
  menu: readonly Added[]
  actions: readonly AddedAction[]
  forms: { personal: boolean; admin: boolean }
}

const parts = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

/** The address at which people reach a path of an app, which may have a query. */
const proxied = (app: string, path: string): string => `/apps/app_api/proxy/${encodeURIComponent(app)}/${path.replace(/^\/+/, '')}`

/** The picture of an entry in the menus of files. */
export const actionIcon = (a: Added): string => `/ocs/v2.php/apps/app_api/api/v1/files/action/icon?appId=${encodeURIComponent(a.app)}&exFileActionName=${encodeURIComponent(a.name)}`

/** The picture of an entry among the places. */
export const menuIcon = (m: Added): string => `/apps/app_api/icon/${encodeURIComponent(m.app)}/${encodeURIComponent(m.name)}`

/** Our page around the page of an app; rest is what the app knows it by. */
export const embedded = (app: string, rest: string): string => `/apps/app_api/embedded/${encodeURIComponent(app)}/${parts(rest)}`

/** The page of an app alone, without rights. */
export const frame = (app: string, rest: string, query: string): string => `/apps/app_api/frame/${encodeURIComponent(app)}/${parts(rest)}${query}`

/** Has an app do what it offers with files, and returns which of its pages it wants shown; '' for none. */
export async function choose(a: Added, ids: readonly string[]): Promise<string> {
  const said = await ocs<{ redirect_handler?: unknown }>('POST', '/apps/app_api/api/v1/files/action', { appId: a.app, actionName: a.name, fileIds: ids.map(Number) })
  return typeof said.redirect_handler === 'string' ? said.redirect_handler.replace(/^\/+/, '') : ''
}

/** Whether there is something of an app at an address of ours. */
export const there = (address: string): Promise<unknown> => send('GET', address)

/** What the page of an app asks of its app. */
export interface Asked {
  id: number
  method: string
  path: string
  type: string
  body?: string
}

/** The answer, as the page reads it. */
export type Answered = { id: number; status: number; headers: [string, string][]; body: ArrayBuffer } | { id: number; error: string }

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH']

/** Reads what a page of an app says; undefined if it asks nothing that it may. */
export function askedIn(said: unknown): Asked | undefined {
  if (typeof said !== 'object' || said === null) return undefined
  const { id, method, path, type, body } = said as Record<string, unknown>
  if (typeof id !== 'number' || typeof method !== 'string' || typeof path !== 'string' || !methods.includes(method)) return undefined
  const address = new URL(`/x/${path}`, 'app://app')
  if (address.host !== 'app' || !address.pathname.startsWith('/x/') || /%2e|%2f|%5c|\\/i.test(address.pathname)) return undefined // it stays with its app
  return { id, method, path: address.pathname.slice(3) + address.search, type: typeof type === 'string' ? type : '', ...(typeof body === 'string' ? { body } : {}) }
}

/** Asks an app for its page. What the app answers is passed on, refusals too. */
export async function ask(app: string, { id, method, path, type, body }: Asked): Promise<Answered> {
  try {
    const answer = await fetch(proxied(app, path), {
      method, credentials: 'same-origin', headers: { 'OCS-APIRequest': 'true', ...(type === '' ? {} : { 'Content-Type': type }) }, ...(body === undefined ? {} : { body }),
    })
    return { id, status: answer.status, headers: [...answer.headers], body: await answer.arrayBuffer() }
  } catch (error) {
    return { id, error: String(error) }
  }
}

/** An app that acts for somebody, or could. */
export interface Consent {
  id: string
  name: string
  version: string
  scopes: readonly string[]
  /** It acts only for those who have agreed. */
  asks: boolean
  agreed: boolean
  /** Seconds since 1970 of the hour in which it acted last; 0 for never. */
  acted: number
}

export const consents = (): Promise<Consent[]> => ocs('GET', '/apps/app_api/api/v1/consents')

/** Lets an app act for oneself, or no more. */
export const consent = (id: string, yes: boolean): Promise<unknown> => ocs(yes ? 'PUT' : 'DELETE', `/apps/app_api/api/v1/ex-app/${encodeURIComponent(id)}/consent`)

/** Something that a form asks. */
export interface Asks {
  id: string
  title: string
  description?: string
  type: string
  placeholder?: string
  label?: string
  options?: readonly { name: string; value: unknown }[]
  sensitive?: boolean
  /** As it is kept: a text, '1' or '0', a list as JSON. Of a secret nothing. */
  value: string
  /** Whether there is a secret. */
  kept?: boolean
}

/** A form of an app. */
export interface Form {
  id: string
  app: string
  title: string
  description?: string
  section_type: 'personal' | 'admin'
  doc_url?: string
  fields: readonly Asks[]
}

/** The forms that one may fill in, of one section. */
export const forms = async (section: Form['section_type']): Promise<Form[]> =>
  (await ocs<Form[]>('GET', '/settings/api/declarative/forms')).filter(f => f.section_type === section)

export const isSecret = (f: Asks): boolean => f.sensitive === true || f.type === 'password'

/** Keeps what was filled in. */
export const setField = (form: Form, f: Asks, value: string): Promise<unknown> =>
  ocs('POST', `/settings/api/declarative/value${isSecret(f) ? '-sensitive' : ''}`, { app: form.app, formId: form.id, fieldId: f.id, value })
