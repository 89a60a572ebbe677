import { ocs } from './person'

const root = '/apps/scim/api/v1'

/** What lets an identity provider in. Times are RFC 3339, '' for never. */
export interface ProviderToken {
  name: string
  made: string
  used: string
  expires: string
  ended: boolean
  /** Its secret, told when it is made. */
  token?: string
}

/** A user or group that a provider changed. */
export interface Provisioned {
  kind: 'user' | 'group'
  id: string
  name: string
  state: 'made' | 'changed' | 'removed'
  changed: string
}

export const providerTokens = (): Promise<{ address: string; tokens: ProviderToken[] }> => ocs('GET', `${root}/token`)
/** expires is a day such as '2027-01-31', or '' for never. */
export const makeProviderToken = (name: string, expires: string): Promise<ProviderToken> => ocs('POST', `${root}/token`, { name, expires })
export const endProviderToken = (name: string): Promise<unknown> => ocs('DELETE', `${root}/token/${encodeURIComponent(name)}`)
export const provisioned = (limit: number): Promise<{ users: number; groups: number; recent: Provisioned[] }> => ocs('GET', `${root}/recent?limit=${limit}`)
export const giveToProviders = (uid: string): Promise<unknown> => ocs('POST', `${root}/give`, { uid })
