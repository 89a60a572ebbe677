import { ocs } from './person'

const part = encodeURIComponent

/** An account, as those in charge of it see it. */
export interface Account {
  id: string
  name: string
  mail: string
  groups: string[]
  /** The groups it is in charge of. */
  leads: string[]
  enabled: boolean
  language: string
  /** Milliseconds; 0 for never. */
  seen: number
  used: number
  /** Bytes; negative for no bound. */
  room: number
  canRename: boolean
  canSetPassword: boolean
}

interface Told {
  id: string
  displayname: string
  email: string | null
  groups: string[]
  subadmin: string[]
  enabled: boolean
  language: string
  lastLogin: number
  quota: { used: number; quota: number }
  backendCapabilities: { setDisplayName: boolean; setPassword: boolean }
}

/** Sorts what the server tells of an account. Exported for its test. */
export const accountIn = (told: Told): Account => ({
  id: told.id, name: told.displayname || told.id, mail: told.email ?? '', groups: told.groups, leads: told.subadmin, enabled: told.enabled, language: told.language, seen: told.lastLogin,
  used: told.quota.used, room: told.quota.quota, canRename: told.backendCapabilities.setDisplayName, canSetPassword: told.backendCapabilities.setPassword,
})

/** Whom to list: everybody, those that are disabled, or the members of a group. */
export type Whom = { kind: 'all' } | { kind: 'disabled' } | { kind: 'group'; id: string }

/** A page of accounts. */
export async function accounts(whom: Whom, search: string, limit: number, offset: number): Promise<Account[]> {
  const path = whom.kind === 'group' ? `/cloud/groups/${part(whom.id)}/users/details` : whom.kind === 'disabled' ? '/cloud/users/disabled' : '/cloud/users/details'
  const said = await ocs<{ users: Record<string, Told> | [] }>('GET', `${path}?search=${part(search)}&limit=${limit}&offset=${offset}`)
  return Object.values(said.users).map(accountIn)
}

/** Whether a login is somebody's, whatever its case. */
export async function isTaken(login: string): Promise<boolean> {
  const { users } = await ocs<{ users: string[] }>('GET', `/cloud/users?search=${part(login)}&limit=200`)
  return users.some(id => id.toLowerCase() === login.toLowerCase())
}

export const account = async (id: string): Promise<Account> => accountIn(await ocs<Told>('GET', `/cloud/users/${part(id)}`))

export interface NewAccount {
  userid: string
  displayName: string
  email: string
  password: string
  groups: string[]
  quota: string
}

export const createAccount = (a: NewAccount): Promise<{ id: string }> => ocs('POST', '/cloud/users', a)
export const editAccount = (id: string, key: string, value: string): Promise<unknown> => ocs('PUT', `/cloud/users/${part(id)}`, { key, value })
export const enableAccount = (id: string, on: boolean): Promise<unknown> => ocs('PUT', `/cloud/users/${part(id)}/${on ? 'enable' : 'disable'}`)
export const removeAccount = (id: string): Promise<unknown> => ocs('DELETE', `/cloud/users/${part(id)}`)
export const wipeAccount = (id: string): Promise<unknown> => ocs('POST', `/cloud/users/${part(id)}/wipe`)
export const inviteAccount = (id: string): Promise<unknown> => ocs('POST', `/cloud/users/${part(id)}/welcome`)
export const transferAccount = (id: string, to: string, remove: boolean): Promise<{ moved: number; into: string }> =>
  ocs('POST', `/apps/transfer/api/v1/accounts/${part(id)}`, { to, delete: remove })

export const join = (id: string, group: string): Promise<unknown> => ocs('POST', `/cloud/users/${part(id)}/groups`, { groupid: group })
export const leave = (id: string, group: string): Promise<unknown> => ocs('DELETE', `/cloud/users/${part(id)}/groups?groupid=${part(group)}`)
export const appoint = (id: string, group: string): Promise<unknown> => ocs('POST', `/cloud/users/${part(id)}/subadmins`, { groupid: group })
export const dismiss = (id: string, group: string): Promise<unknown> => ocs('DELETE', `/cloud/users/${part(id)}/subadmins?groupid=${part(group)}`)

export interface Group {
  id: string
  name: string
  members: number
  disabled: number
}

export async function groups(search = '', limit = 0, offset = 0): Promise<Group[]> {
  const said = await ocs<{ groups: { id: string; displayname: string; usercount: number; disabled: number }[] }>('GET', `/cloud/groups/details?search=${part(search)}&limit=${limit}&offset=${offset}`)
  return said.groups.map(g => ({ id: g.id, name: g.displayname || g.id, members: g.usercount, disabled: g.disabled }))
}

export const createGroup = (id: string): Promise<unknown> => ocs('POST', '/cloud/groups', { groupid: id })
export const renameGroup = (id: string, name: string): Promise<unknown> => ocs('PUT', `/cloud/groups/${part(id)}`, { key: 'displayname', value: name })
export const removeGroup = (id: string): Promise<unknown> => ocs('DELETE', `/cloud/groups/${part(id)}`)

/** What holders of a role may do beyond their own things, and what is taken from them. */
export interface Role {
  name: string
  display: string
  rights: string[]
  withheld: string[]
}

export interface Holders {
  users: string[]
  groups: string[]
}

const rolesRoot = '/apps/roles/api/v1/roles'
/** The rights that roles may grant, with what each opens in English. */
export const rightsOf = (): Promise<Record<string, string>> => ocs('GET', '/apps/roles/api/v1/rights')
export const roles = (): Promise<Role[]> => ocs('GET', rolesRoot)
export const setRole = (role: Role): Promise<Role> => ocs('PUT', `${rolesRoot}/${part(role.name)}`, role)
export const removeRole = (name: string): Promise<unknown> => ocs('DELETE', `${rolesRoot}/${part(name)}`)
export const holders = (name: string): Promise<Holders> => ocs('GET', `${rolesRoot}/${part(name)}/holders`)
export const grantRole = (name: string, kind: 'users' | 'groups', id: string): Promise<unknown> => ocs('PUT', `${rolesRoot}/${part(name)}/${kind}/${part(id)}`)
export const revokeRole = (name: string, kind: 'users' | 'groups', id: string): Promise<unknown> => ocs('DELETE', `${rolesRoot}/${part(name)}/${kind}/${part(id)}`)
