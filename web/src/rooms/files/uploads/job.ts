import type { ApiError } from '../../../api/http'

export type State = 'waiting' | 'sending' | 'paused' | 'done' | 'skipped' | 'failed'
export type Answer = 'replace' | 'keep' | 'skip'

/** One file on its way. It ends exactly once: done, skipped or failed, and what failed can be tried again. */
export interface Job {
  /** Under this the server collects its chunks, so that they are there when it goes on. */
  readonly id: string
  /** Where it is to go. */
  path: string
  file: File
  state: State
  sent: number
  /** Why it failed, or why it waits. */
  why: string
  overwrite: boolean
  /** Whether some of it may be there already: an answer was lost, or the page was left. */
  begun: boolean
  /** The folder that the batch goes to. */
  folder: string
}

/** Something that could not even become a job: a folder that was not made, a drop that was not read. */
export interface Trouble {
  path: string
  why: string
}

/** What the queue needs of the server. */
export interface Transport {
  /** again tells that some of it may be there already. */
  upload(job: Job, again: boolean, signal: AbortSignal, sent: (bytes: number) => void): Promise<void>
  makeFolder(path: string, signal: AbortSignal): Promise<void>
  /** The names in a folder, which is there. */
  names(path: string, signal: AbortSignal): Promise<Set<string>>
  /** Whether what lies at a path is this very file: it may be, when an answer was lost. */
  same(path: string, file: File, signal: AbortSignal): Promise<boolean>
  /** Throws away what the server has collected of a file that will not come. */
  forget(job: Job): Promise<void>
  /** Waits until the server answers again. */
  reachable(signal: AbortSignal): Promise<void>
  pause(ms: number, signal: AbortSignal): Promise<void>
}

/** What the owner of the queue is asked and told. */
export interface Listener {
  /** There is already something at this path. */
  conflict(path: string, signal: AbortSignal): Promise<{ answer: Answer; forAll: boolean }>
  changed(): void
  /** Something new lies in or below this folder. */
  arrived(folder: string): void
  /** This is still to be done, wherever the page goes. */
  keep(job: Job): void
  /** This is not to be done any more. */
  ended(job: Job): void
}

/** How long to wait before something that stumbled is tried again, in milliseconds. */
export const waits = [1000, 3000, 9000]

/** How long to wait before the next try after an error; undefined to give up. */
export const patience = (error: ApiError, tries: number): number | undefined => {
  const wait = error.passing ? waits[tries] : undefined
  return wait === undefined ? undefined : Math.max(wait, error.retryAfter * 1000)
}
