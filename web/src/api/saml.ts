import { ocs } from './person'
import type { Prospect } from './prospect'

const root = '/apps/user_saml/api/v1'

export interface Certificate {
  /** Whose: the provider's or ours. */
  of: 'idp' | 'sp'
  subject: string
  from: string
  until: string
  fingerprint: string
  pem: string
}

/** A SAML provider; its settings by the names that scripts use, secrets as ***. */
export interface SAMLProvider {
  id: number
  name: string
  complete: boolean
  settings: Record<string, string>
  /** What the provider has to know of us. */
  entityId: string
  acs: string
  sls: string
  metadata: string
  certificates: Certificate[]
}

const sent = (settings: Record<string, string>): object => ({ settings: JSON.stringify(settings) })

export const samlProviders = (): Promise<SAMLProvider[]> => ocs('GET', `${root}/provider`)
export const saveSAML = (id: number | undefined, settings: Record<string, string>): Promise<SAMLProvider> =>
  id === undefined ? ocs('POST', `${root}/provider`, sent(settings)) : ocs('PUT', `${root}/provider/${id}`, sent(settings))
export const removeSAML = (id: number): Promise<unknown> => ocs('DELETE', `${root}/provider/${id}`)
/** What a provider's metadata come to; nothing is kept. */
export const readMetadata = (metadata: string): Promise<Record<string, string>> => ocs('POST', `${root}/metadata`, { metadata })
/** Gives this server a key towards a provider, in the place of another only on wish. */
export const makeSAMLKey = (id: number, replace: boolean): Promise<SAMLProvider> => ocs('POST', `${root}/provider/${id}/key`, { replace: replace ? '1' : '0' })
/** What a sign-in by a proxy would come to that sends these headers. */
export const tryHeaders = (id: number, headers: string): Promise<Prospect> => ocs('POST', `${root}/provider/${id}/try`, { headers })
export const trySAML = (id: number, answer: string): Promise<Prospect> => ocs('POST', `${root}/provider/${id}/try`, { answer })
