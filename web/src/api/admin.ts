import { send } from './http'
import { ocs } from './person'

const root = '/apps/administration/api/v1'
const part = encodeURIComponent

export type SettingKind = 'yes' | 'one' | 'number' | 'text' | 'choice' | 'groups'
export type Source = 'default' | 'here' | 'file' | 'environment' | 'command-line'

/** A setting of the server, with its value and where that comes from. */
export interface Setting {
  app: string
  name: string
  kind: SettingKind
  value: string
  default: string
  min: number
  max: number
  oneOf: string[]
  source: Source
  /** Where a value of the configuration stands: 'atrium.toml:12', 'ATRIUM_URL'. */
  place: string
  /** What does the same; VALUE stands for the value. */
  command: string
  doc: string
  /** Not changed here. */
  fixed: boolean
}

export const keyOf = (s: { app: string; name: string }): string => `${s.app}/${s.name}`

export const settings = (): Promise<Setting[]> => ocs('GET', `${root}/settings`)
export const setSetting = (s: Setting, value: string): Promise<Setting> => ocs('PUT', `${root}/settings/${part(s.app)}/${part(s.name)}`, { value })
export const resetSetting = (s: Setting): Promise<Setting> => ocs('DELETE', `${root}/settings/${part(s.app)}/${part(s.name)}`)

/** The command that gives a setting a value, with what a shell would take apart in quotes. */
export function commandFor(s: Setting, value = s.value): string {
  const plain = /^[\w@%+=:,./-]+$/.test(value)
  return s.command.replace('VALUE', () => (plain ? value : `'${value.replaceAll("'", `'\\''`)}'`))
}

export interface Check {
  check: string
  state: 'ok' | 'warn' | 'fail'
  text: string
  fix: string
}

export const health = (): Promise<Check[]> => ocs('GET', `${root}/health`)

export interface Work {
  waiting: { kind: string; waiting: number }[]
  planned: { name: string; when: string; due: string; runs: boolean }[]
  failed: { id: string; kind: string; at: string; error: string }[]
}

export const work = (): Promise<Work> => ocs('GET', `${root}/jobs`)
export const runNow = (name: string): Promise<unknown> => ocs('POST', `${root}/jobs/planned/${part(name)}`)
export const retry = (id: string): Promise<unknown> => ocs('POST', `${root}/jobs/failed/${part(id)}`)

/** Somebody, or everybody from somewhere, who waits for wrong passwords. */
export interface Delayed {
  /** '' for all accounts from there together. */
  account: string
  from: string
  count: number
  last: string
  /** Milliseconds. */
  delay: number
}

export const delayed = (): Promise<Delayed[]> => ocs('GET', `${root}/delayed`)
export const forgive = (d: Delayed): Promise<unknown> => ocs('DELETE', `${root}/delayed?from=${part(d.from)}&account=${part(d.account)}`)

export const sendTestMail = (address: string): Promise<unknown> => ocs('POST', `${root}/mail/test`, { address })

/** A part of the server that can be switched off. */
export interface Part {
  id: string
  on: boolean
  /** Cannot be switched off. */
  always: boolean
}

export const parts = (): Promise<Part[]> => ocs('GET', `${root}/parts`)

export const switchPart = (id: string, on: boolean): Promise<unknown> => ocs(on ? 'POST' : 'DELETE', `/cloud/apps/${part(id)}`)

export interface Announcement {
  id: string
  datetime: string
  subject: string
  message: string
  link: string
  all: boolean
  users: string[]
  groups: string[]
}

const news = '/apps/notifications/api/v3/announcements'
export const announcements = (): Promise<Announcement[]> => ocs('GET', news)
export const announce = (a: { subject: string; message: string; link: string; all: boolean; users: string[]; groups: string[] }): Promise<unknown> => ocs('POST', news, a)
export const retract = (id: string): Promise<unknown> => ocs('DELETE', `${news}/${part(id)}`)

export interface AuditEntry {
  id: number
  at: string
  user: string
  what: string
  detail: string
  by: string
  address: string
  program: string
}

export const auditLog = (user: string, limit: number): Promise<AuditEntry[]> => ocs('GET', `/apps/audit/api/v1/entries?limit=${limit}&user=${part(user)}`)

/** Who must have a second factor. */
export interface FactorPolicy {
  enforced: boolean
  /** None: everybody. */
  enforcedGroups: string[]
  excludedGroups: string[]
}

const factors = '/settings/api/admin/twofactorauth'
export const factorPolicy = async (): Promise<FactorPolicy> => (await (await send('GET', factors)).json()) as FactorPolicy
export const setFactorPolicy = async (p: FactorPolicy): Promise<FactorPolicy> =>
  (await (await send('PUT', factors, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(p) })).json()) as FactorPolicy
