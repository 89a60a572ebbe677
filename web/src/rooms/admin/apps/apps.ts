import type { AppWish, ExternalApp } from '../../../api/appadmin'
import type { Values } from '../ways/field'

/** What an app may do: everything, what it asks for itself, or some scopes. */
export interface Granted {
  kind: 'all' | 'asked' | 'some'
  some: readonly string[]
}

/** The scope without limits, and the one that every app has. */
const [all, basic] = ['ALL', 'BASIC']

export const grantedOf = (scopes: readonly string[]): Granted => ({ kind: scopes.includes(all) ? 'all' : 'some', some: scopes.filter(s => s !== all && s !== basic) })

/** The scopes by their names; undefined where the app is asked. */
export function scopesOf(granted: Granted): string[] | undefined {
  if (granted.kind === 'asked') return undefined
  return granted.kind === 'all' ? [all] : [...granted.some]
}

/** Scopes that can be ticked: all but the two that are no matter of choice, and one name for files unless the app has the other. */
export const tickable = (scopes: readonly string[], has: readonly string[]): string[] => scopes.filter(s => s !== all && s !== basic && (s !== 'DAV' || has.includes(s)))

/** What holds of a new app when nothing is said. */
export const usual: Values = { id: '', name: '', version: '1.0.0', port: '', signed: '', daemon: '', secret: '', host: '', protocol: '', routes: '', system: '' }

/** What is said of an app in the JSON that its author gives, as the form has it. Throws where it is none. */
export function valuesIn(text: string): { values: Values; granted?: Granted } {
  const said: unknown = JSON.parse(text)
  if (typeof said !== 'object' || said === null || Array.isArray(said)) throw new SyntaxError('no object')
  const { scopes, routes, ...rest } = said as Record<string, unknown>
  const plain = (key: string): string => (typeof rest[key] === 'string' || typeof rest[key] === 'number' ? String(rest[key]) : '')
  const taken: Record<string, string> = {}
  for (const [key, names] of Object.entries({ id: ['id', 'appid'], name: ['name'], version: ['version'], port: ['port'], daemon: ['daemon_config_name'], secret: ['secret'], host: ['host'], protocol: ['protocol'] })) {
    const value = names.map(plain).find(v => v !== '')
    if (value !== undefined) taken[key] = value
  }
  if ([rest.system, rest.system_app].some(s => s === true || s === 1 || s === '1' || s === 'true')) taken.system = '1'
  if (Array.isArray(routes) && routes.length > 0) taken.routes = JSON.stringify(routes, null, 2)
  return { values: taken, ...(Array.isArray(scopes) ? { granted: grantedOf(scopes.map(String)) } : {}) }
}

/** What the form says, as the command reads it. Throws where the routes are no list. */
export function infoOf(values: Values, granted: Granted): Record<string, unknown> {
  const said = (key: string): string => (values[key] ?? '').trim()
  const info: Record<string, unknown> = { name: said('name') || said('id'), version: said('version') }
  if (/^\d+$/.test(said('port'))) info.port = Number(said('port'))
  for (const key of ['secret', 'host', 'protocol']) if (said(key) !== '') info[key] = said(key)
  const scopes = scopesOf(granted)
  if (scopes) info.scopes = scopes
  if (said('system') === '1') info.system = 1
  if (said('routes') !== '') {
    const routes: unknown = JSON.parse(said('routes'))
    if (!Array.isArray(routes)) throw new SyntaxError('no list')
    info.routes = routes
  }
  return info
}

export const wishOf = (values: Values, granted: Granted, daemon: string): AppWish => ({
  id: (values.id ?? '').trim(), daemon, info: JSON.stringify(infoOf(values, granted)), signed: values.signed === '1', force: granted.kind === 'asked',
})

/** How things stand with an app. */
export type State = 'starting' | 'broken' | 'on' | 'off'

export function stateOf(app: Pick<ExternalApp, 'enabled' | 'status'>): State {
  if (app.status.action !== '') return 'starting'
  if (app.status.error !== '') return 'broken'
  return app.enabled ? 'on' : 'off'
}
