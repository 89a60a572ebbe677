import { ocs } from './person'

const root = '/apps/webhook_listeners/api/v1'

/** An address that is told of one kind of event. */
export interface Webhook {
  id: number
  /** The external app that registered it; null for none. */
  appId: string | null
  userId: string
  httpMethod: string
  uri: string
  event: string
  /** A list when there is none. */
  eventFilter: unknown
  userIdFilter: string
  headers: Record<string, string> | []
  authMethod: 'none' | 'header'
  /** Sealed; sent back as it is, it stays. */
  authData: string | null
  /** Told when it is made. */
  secret?: string
}

/** A webhook as it is sent. What is an object goes as JSON. */
export interface WebhookWish {
  httpMethod: string
  uri: string
  event: string
  eventFilter: string
  userIdFilter: string
  headers: string
  authMethod: 'none' | 'header'
  authData: string
}

export interface WebhookEvent {
  class: string
  /** A message of it as one is sent, with things made up. */
  sample: object
}

/** What did not arrive at a webhook. */
export interface Backlog {
  webhook: number
  waiting: number
  dead: number
  error: string
}

/** A message that was given up. */
export interface DeadLetter {
  id: number
  webhook: number
  messageId: string
  event: string
  host: string
  body: unknown
  made: string
  died: string
  tries: number
  error: string
}

export interface WebhookTrial {
  delivered: boolean
  /** Milliseconds. */
  took: number
  error: string
  /** The address lies in a private network, and that is not allowed. */
  private: boolean
}

/** The header that says who asks, where nobody names another. */
export const usualHeader = 'Authorization'

export const webhooks = (): Promise<Webhook[]> => ocs('GET', `${root}/webhooks`)
export const saveWebhook = (id: number | undefined, wish: WebhookWish): Promise<Webhook> => ocs('POST', id === undefined ? `${root}/webhooks` : `${root}/webhooks/${id}`, wish)
export const removeWebhook = (id: number): Promise<unknown> => ocs('DELETE', `${root}/webhooks/${id}`)
/** Gives a webhook another secret; the former one ends at once. */
export const renewSecret = (id: number): Promise<{ secret: string }> => ocs('POST', `${root}/webhooks/${id}/secret`)
export const testWebhook = (id: number): Promise<WebhookTrial> => ocs('POST', `${root}/webhooks/${id}/test`)
export const webhookEvents = (): Promise<WebhookEvent[]> => ocs('GET', `${root}/events`)
export const backlogs = (): Promise<Backlog[]> => ocs('GET', `${root}/backlog`)
/** What is wrong with a filter, or whether it lets a message through. */
export const tryFilter = (event: string, eventFilter: string, message: string): Promise<{ failure: string; matches: boolean }> => ocs('POST', `${root}/filter`, { event, eventFilter, message })

export const deadLetters = (before: number, limit: number): Promise<DeadLetter[]> => ocs('GET', `${root}/dead?limit=${limit}&before=${before}`)
export const sendAgain = (id: number): Promise<unknown> => ocs('POST', `${root}/dead/${id}/retry`)
export const dropLetter = (id: number): Promise<unknown> => ocs('DELETE', `${root}/dead/${id}`)
export const sendAllAgain = (): Promise<{ count: number }> => ocs('POST', `${root}/dead/retry`)
export const dropAllLetters = (): Promise<{ count: number }> => ocs('DELETE', `${root}/dead`)
