import { send } from './http'
import { ocs } from './person'

const root = '/apps/app_api/api/v1/admin/apps'
const daemonsAt = '/apps/app_api/daemons'

/** An external app as administrators see it. Times are in seconds since 1970, 0 for never. */
export interface ExternalApp {
  id: string
  name: string
  version: string
  enabled: boolean
  status: { init: number; action: string; type: string; error: string }
  daemon: string
  address: string
  /** It signs its requests and never sends its secret. */
  signed: boolean
  system: boolean
  scopes: string[]
  /** What people reach of it: 0 everybody, 1 who is signed in, 2 administrators. */
  routes: { url: string; verb: string; access: number }[]
  lastSeen: number
  /** Until when its former secret is taken besides. */
  formerUntil: number
}

export interface AppDetail extends ExternalApp {
  /** What it said, or what was said of it, the newest first. */
  log: { at: number; level: 'info' | 'warn' | 'error'; text: string }[]
  refused: { why: string; path: string; addr: string; times: number; last: number }[]
}

export interface AppList {
  apps: ExternalApp[]
  /** All scopes that there are. */
  scopes: string[]
  /** Where apps find this server. */
  server: string
}

/** A new app: info is the JSON that the command reads too. */
export interface AppWish {
  id: string
  daemon: string
  info: string
  signed: boolean
  /** It gets the scopes that it asks for. */
  force: boolean
}

/** Where apps run. */
export interface Daemon {
  name: string
  display_name: string
  protocol: string
  host: string
  exAppsCount: number
}

const at = (id: string): string => `${root}/${encodeURIComponent(id)}`

export const externalApps = (): Promise<AppList> => ocs('GET', root)
export const externalApp = (id: string): Promise<AppDetail> => ocs('GET', at(id))
/** secret is what was made for the app, '' if it has its own; it is told this once. */
export const registerApp = (wish: AppWish): Promise<{ app: ExternalApp; secret: string }> => ocs('POST', root, wish)
export const switchApp = (id: string, on: boolean): Promise<unknown> => ocs('PUT', `/apps/app_api/api/v1/ex-app/${encodeURIComponent(id)}/enabled`, { enabled: on ? 1 : 0 })
export const setAppScopes = (id: string, scopes: readonly string[]): Promise<AppDetail> => ocs('PUT', `${at(id)}/scopes`, { scopes })
export const newAppSecret = async (id: string): Promise<string> => (await ocs<{ secret: string }>('POST', `${at(id)}/secret`)).secret
export const appRuns = async (id: string): Promise<boolean> => (await ocs<{ runs: boolean }>('POST', `${at(id)}/heartbeat`)).runs
export const unregisterApp = (id: string, keepData: boolean): Promise<unknown> => ocs('DELETE', `${at(id)}${keepData ? '?keepData=1' : ''}`)

export const daemons = async (): Promise<Daemon[]> => ((await (await send('GET', daemonsAt)).json()) as { daemons: Daemon[] }).daemons
/** Keeps where apps run that are started by hand. */
export const addDaemon = (d: Omit<Daemon, 'exAppsCount'>): Promise<unknown> =>
  send('POST', daemonsAt, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ daemonConfigParams: { ...d, accepts_deploy_id: 'manual-install', deploy_config: { net: 'host' } } }) })
export const removeDaemon = (name: string): Promise<unknown> => send('DELETE', `${daemonsAt}/${encodeURIComponent(name)}`)
