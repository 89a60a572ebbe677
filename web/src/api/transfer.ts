import { ocs } from './person'

/** Something that somebody offers to somebody else, and that nobody has answered yet. */
export interface Offer {
  id: string
  /** The other of the two, and what they are called. */
  person: string
  display: string
  name: string
  folder: boolean
  mime: string
  size: number
}

export interface Offers {
  made: Offer[]
  received: Offer[]
}

const root = '/apps/files/api/v1/transferownership'

/** What one offers to others and is offered by them, the last first. */
export const offers = (): Promise<Offers> => ocs('GET', '/apps/transfer/api/v1/offers')

/** Offers what lies at a path of one's own to somebody. */
export const offer = (path: string, recipient: string): Promise<unknown> => ocs('POST', root, { path, recipient })

export const accept = (id: string): Promise<unknown> => ocs('POST', `${root}/${encodeURIComponent(id)}`)

/** Ends an offer: the one to whom it was made declines it, or the one who made it takes it back. */
export const endOffer = (id: string): Promise<unknown> => ocs('DELETE', `${root}/${encodeURIComponent(id)}`)
