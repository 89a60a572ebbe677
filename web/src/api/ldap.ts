import { ocs } from './person'
import type { Prospect } from './prospect'

const root = '/apps/user_ldap/api/v1'
const part = encodeURIComponent

/** How a directory is reached and read, by the names that scripts use. */
export type DirectorySettings = Record<string, string>

export interface Directory {
  configID: string
  active: boolean
  host: string
}

export type Step = 'server' | 'people' | 'groups'

/** What a directory gives at a step, or why it gives nothing. */
export interface Survey {
  server: string
  safe: boolean
  /** What it says it holds. */
  bases: string[]
  count: number
  first: { id: string; name: string; mail?: string; quota?: string }[]
  warnings: string[]
  failure?: string
  detail?: string
}

export interface LoginTrial extends Prospect {
  dn: string
  password: 'right' | 'wrong' | 'not tried'
}

/** What a sync would do. */
export interface SyncForecast {
  people: number
  groups: number
  new: number
  changed: number
  back: number
  gone: string[]
  refused: { dn: string; why: string }[]
  /** Of the first accounts. */
  changes: { account: string; changes: Record<string, { from: string; to: string }>; joins: string[]; leaves: string[] }[]
  failure: string
}

export interface Remnant {
  account: string
  since: string
  locked: boolean
}

export const directories = (): Promise<Directory[]> => ocs('GET', `${root}/config`)
export const directory = (id: string): Promise<DirectorySettings> => ocs('GET', `${root}/config/${part(id)}`)
export const makeDirectory = async (): Promise<string> => (await ocs<{ configID: string }>('POST', `${root}/config`)).configID
export const saveDirectory = (id: string, settings: DirectorySettings): Promise<unknown> => ocs('PUT', `${root}/config/${part(id)}`, { configData: JSON.stringify(settings) })
export const removeDirectory = (id: string): Promise<unknown> => ocs('DELETE', `${root}/config/${part(id)}`)

const draft = (id: string, settings: DirectorySettings): object => ({ ...(id === '' ? {} : { configID: id }), configData: JSON.stringify(settings) })
/** Asks a directory with settings that need not be saved. */
export const survey = (id: string, settings: DirectorySettings, step: Step): Promise<Survey> => ocs('POST', `${root}/probe`, { ...draft(id, settings), step })
export const tryLogin = (id: string, settings: DirectorySettings, login: string, password: string): Promise<LoginTrial> => ocs('POST', `${root}/probe`, { ...draft(id, settings), step: 'login', login, password })

export const forecast = (): Promise<SyncForecast> => ocs('POST', `${root}/sync`)
export const remnants = (): Promise<Remnant[]> => ocs('GET', `${root}/remnants`)
