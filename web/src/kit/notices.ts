import { ref, type Ref } from 'vue'
import { ApiError } from '../api/http'

export interface Notice {
  id: number
  bad: boolean
  text: string
  /** What the server's log calls the request that went wrong. */
  requestId: string
}

const shown = ref<Notice[]>([])
let last = 0

/** How long good news stays; bad news stays until it is closed. */
const lasts = 5000

/** Short messages about what has just happened. */
export const notices: Readonly<Ref<readonly Notice[]>> = shown

export function dismiss(id: number): void {
  shown.value = shown.value.filter(n => n.id !== id)
}

export function tell(text: string): void {
  const id = add(false, text, '')
  setTimeout(() => dismiss(id), lasts)
}

/** Tells what went wrong: what was to be done, and why it was not. */
export function complain(what: string, error: unknown): void {
  add(true, `${what} ${reason(error)}`, error instanceof ApiError ? error.requestId : '')
}

/** The words of an error for a person. */
export function reason(error: unknown): string {
  return error instanceof ApiError ? error.message : 'Something unexpected happened in this page. Reload it and try again.'
}

function add(bad: boolean, text: string, requestId: string): number {
  const id = ++last
  shown.value = [...shown.value.slice(-3), { id, bad, text, requestId }]
  return id
}
