/** What would come of a sign-in; nothing of it has happened. */
export interface Prospect {
  account: string
  /** There is one already. */
  known: boolean
  /** Why nobody comes in. */
  refused?: string
  /** What the service says. */
  fields: Record<string, string>
  /** What would be another than now. */
  changes: Record<string, { from: string; to: string }>
  quota?: string
  joins: string[]
  leaves: string[]
  admin?: boolean
  /** What the service says and cannot be read. */
  unread?: string[]
  /** Why it would not be believed. */
  doubt?: string
}
