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

/** The mails that the server writes, and the languages that it writes them in. */
export interface Letters {
  letters: string[]
  languages: { code: string; name: string }[]
}

/** A mail with things made up. */
export interface Letter {
  subject: string
  text: string
  /** Where its HTML is seen. */
  page: string
}

export const letters = (): Promise<Letters> => ocs('GET', `${root}/letters`)
export const letter = (id: string, language: string): Promise<Letter> => ocs('GET', `${root}/letters/${part(id)}/${part(language)}`)
export const sendLetter = (id: string, language: string): Promise<{ to: string }> => ocs('POST', `${root}/letters/${part(id)}/${part(language)}`)

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

/** Which entries of the audit log are asked for; what is empty does not choose. */
export interface AuditFilter {
  /** To whom something was done, or who did it. */
  person: string
  what: string
  /** RFC 3339. */
  since: string
  until: string
}

/** A page of the audit log, the newest first: what was before the entry with an id, or the newest of all. */
export const auditLog = (f: AuditFilter, limit: number, before = 0): Promise<AuditEntry[]> =>
  ocs('GET', `/apps/audit/api/v1/entries?limit=${limit}&person=${part(f.person)}&what=${part(f.what)}&since=${part(f.since)}&until=${part(f.until)}&before=${before}`)

/** A warning or an error that the server logged. */
export interface LogRecord {
  at: string
  level: 'warn' | 'error'
  message: string
  more: { key: string; value: string }[]
}

export const serverLog = (level: 'warn' | 'error'): Promise<LogRecord[]> => ocs('GET', `${root}/log?level=${level}`)

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
