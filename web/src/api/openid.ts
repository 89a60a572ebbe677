import { ocs } from './person'
import type { Prospect } from './prospect'

const root = '/apps/user_oidc/api/v1'

/** An OpenID provider that people may sign in at. */
export interface OpenIDProvider {
  id: number
  identifier: string
  hasSecret: boolean
  settings: OpenIDSettings
  /** What has to be registered at the provider. */
  callback: string
  backChannel: string
  frontChannel: string
  /** Where it reads the public keys of this server (private_key_jwt). */
  keys: string
}

/** What administrators say of a provider; what is missing is empty. */
export type OpenIDSettings = Record<string, string | boolean | Record<string, string> | undefined> & { mapping?: Record<string, string> }

export interface OpenIDTemplate {
  callback: string
  backChannel: string
  frontChannel: string
  keys: string
  /** The claim that fills each field when nothing else is said. */
  claims: Record<string, string>
}

/** What a provider says of itself, and what keeps people from coming in by it. */
export interface OpenIDCheck {
  issuer: string
  endpoints: Record<string, string>
  authMethods: string[]
  pkce: boolean
  keys: number
  failure?: string
  detail?: string
  warnings: string[]
}

/** A provider as it is sent: a secret only when there is another. */
export interface OpenIDWish {
  identifier: string
  clientSecret?: string
  settings: OpenIDSettings
}

const sent = (wish: OpenIDWish): object => ({ ...wish, settings: JSON.stringify(wish.settings) })

export const openIDProviders = (): Promise<OpenIDProvider[]> => ocs('GET', `${root}/provider`)
export const openIDTemplate = (): Promise<OpenIDTemplate> => ocs('GET', `${root}/template`)
export const saveOpenID = (id: number | undefined, wish: OpenIDWish): Promise<OpenIDProvider> =>
  id === undefined ? ocs('POST', `${root}/provider`, sent(wish)) : ocs('PUT', `${root}/provider/${id}`, sent(wish))
export const removeOpenID = (id: number): Promise<unknown> => ocs('DELETE', `${root}/provider/${id}`)
/** Asks a provider that need not be saved what it is. */
export const checkOpenID = (id: number | undefined, wish: OpenIDWish): Promise<OpenIDCheck> => ocs('POST', `${root}/check`, { ...sent(wish), ...(id === undefined ? {} : { id: String(id) }) })
export const tryOpenID = (id: number, claims: string): Promise<Prospect> => ocs('POST', `${root}/provider/${id}/try`, { claims })
