import { ocs } from './person'
import type { Prospect } from './prospect'

const root = '/apps/kerberos/api/v1'

/** Something that stands in the way of people with a ticket. */
export interface TicketProblem {
  what: string
  level: 'bad' | 'warn' | 'note'
  /** The file, service, realm or number of seconds; may be ''. */
  about: string
  /** What is wrong, in English. */
  text: string
  /** The command that mends it; '' for none. */
  fix: string
}

/** A key of the keytab; what it is made of is never told. */
export interface ServiceKey {
  principal: string
  cipher: string
  version: number
  strong: boolean
  /** Tickets may be for it. */
  used: boolean
}

/** How the way in by tickets stands. */
export interface TicketCheck {
  enabled: boolean
  address: string
  /** That browsers want a ticket for: 'HTTP/cloud.example.com'. */
  service: string
  from: 'database' | 'file' | ''
  file: string
  keys: ServiceKey[]
  realms: string[]
  /** By how many seconds the clocks of realms are ahead. */
  clocks: { realm: string; ahead: number }[]
  problems: TicketProblem[]
  signIn?: Prospect | null
}

export const ticketCheck = (): Promise<TicketCheck> => ocs('GET', `${root}/test`)
/** The same, with the clocks of the realms compared. */
export const ticketTest = (): Promise<TicketCheck> => ocs('POST', `${root}/test`)

export async function tryTicket(principal: string): Promise<Prospect | null | undefined> {
  return (await ocs<TicketCheck>('POST', `${root}/test`, { principal })).signIn
}

/** Keeps a keytab, given in base64, in place of the one before. */
export const importKeytab = (keytab: string): Promise<TicketCheck> => ocs('POST', `${root}/keytab`, { keytab })
export const linkPrincipal = (principal: string, user: string): Promise<unknown> => ocs('POST', `${root}/link`, { principal, user })
