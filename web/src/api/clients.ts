import { send } from './http'
import { ocs } from './person'

const root = '/apps/oauth2/api/v1/clients'

/** How a program shows who it is: by a secret, by nothing, or by a key of its own. */
export type ClientKind = 'confidential' | 'public' | 'key'

/** A program that people may let use their accounts. */
export interface Client {
  id: number
  name: string
  clientId: string
  kind: ClientKind
  redirects: string[]
  logouts: string[]
  /** All that it may ask for; '' for anything. */
  scope: string
  /** People are not asked. */
  trusted: boolean
  /** It hears errors as Nextcloud says them. */
  classic: boolean
  audience: string
  offers: string
  jwks?: string
  /** How many people have let it in. */
  people: number
  /** Until when its former secret is taken besides, in seconds since 1970; 0: not. */
  formerUntil: number
  /** Only in the answer that made it. */
  secret?: string
}

/** A client as it is sent: addresses are one in each line. */
export interface ClientWish {
  kind: ClientKind
  name: string
  redirects: string
  logouts: string
  scope: string
  trusted: boolean
  classic: boolean
  audience: string
  offers: string
  jwks: string
}

/** What programs read of this server first. */
export interface Discovery {
  issuer: string
  authorization_endpoint: string
  token_endpoint: string
  jwks_uri: string
  userinfo_endpoint: string
  device_authorization_endpoint: string
  end_session_endpoint: string
  scopes_supported: string[]
  id_token_signing_alg_values_supported: string[]
}

export const discoveryPath = '/.well-known/openid-configuration'

export const clients = (): Promise<Client[]> => ocs('GET', root)
export const saveClient = (id: number | undefined, wish: ClientWish): Promise<Client> => (id === undefined ? ocs('POST', root, wish) : ocs('PUT', `${root}/${id}`, wish))
export const removeClient = (id: number): Promise<unknown> => ocs('DELETE', `${root}/${id}`)
/** Makes another secret; the former one is taken for another day unless it ends at once. */
export const newClientSecret = (id: number, atOnce: boolean): Promise<Client> => ocs('POST', `${root}/${id}/secret`, { atOnce })
export const newSigningKey = (alg: string): Promise<unknown> => ocs('POST', '/apps/oauth2/api/v1/keys', { alg })
export const discovery = async (): Promise<Discovery> => (await (await send('GET', discoveryPath)).json()) as Discovery
