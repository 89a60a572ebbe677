import { ref, type Ref } from 'vue'
import { ApiError } from '../api/http'
import { known, t } from './words'

export interface Notice {
  id: number
  bad: boolean
  text: string
  /** What the server's log calls the request that went wrong. */
  requestId: string
  /** What can be done about it for as long as the notice stays. */
  remedy?: Remedy | undefined
}

export interface Remedy {
  label: string
  run(): void
}

const shown = ref<Notice[]>([])
let last = 0

/** How long good news stays; bad news stays until it is closed. */
const lasts = 5000
/** How long it stays when something can be done about it. */
const lastsLong = 10_000

/** Short messages about what has just happened. */
export const notices: Readonly<Ref<readonly Notice[]>> = shown

export function dismiss(id: number): void {
  shown.value = shown.value.filter(n => n.id !== id)
}

/** Does what can be done about a notice, which has served its purpose then. */
export function remedy(notice: Notice): void {
  dismiss(notice.id)
  notice.remedy?.run()
}

/** Undoes what was told of last, if it can be undone. Tells whether there was anything. */
export function undo(): boolean {
  const last = shown.value.findLast(n => n.remedy)
  if (last) remedy(last)
  return last !== undefined
}

export function tell(text: string, remedy?: Remedy): void {
  const id = add(false, text, '', remedy)
  setTimeout(() => dismiss(id), remedy ? lastsLong : lasts)
}

/** Tells what went wrong: what was to be done, and why it was not. */
export function complain(what: string, error: unknown): void {
  add(true, `${what} ${reason(error)}`, error instanceof ApiError ? error.requestId : '')
}

/** The words of an error for a person: the server says them in the language of the page, the api floor in English. */
export function reason(error: unknown): string {
  return error instanceof ApiError ? known(error.message) : t('Something unexpected happened in this page. Reload it and try again.')
}

function add(bad: boolean, text: string, requestId: string, remedy?: Remedy): number {
  const id = ++last
  shown.value = [...shown.value.slice(-3), { id, bad, text, requestId, remedy }]
  return id
}
