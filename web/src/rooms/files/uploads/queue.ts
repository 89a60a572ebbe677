import { ApiError } from '../../../api/http'
import { freeName, join, nameOf, parentOf } from '../../../kit/paths'
import { reason } from '../../../kit/notices'
import type { Item } from './walk'

/** What the queue needs of the server. */
export interface Transport {
  upload(path: string, file: File, overwrite: boolean, signal: AbortSignal, sent: (bytes: number) => void): Promise<void>
  makeFolder(path: string, signal: AbortSignal): Promise<void>
  /** The names in a folder, which is there. */
  names(path: string, signal: AbortSignal): Promise<Set<string>>
  /** Whether what lies at a path is this very file: it may be, when an answer was lost. */
  same(path: string, file: File, signal: AbortSignal): Promise<boolean>
  pause(ms: number, signal: AbortSignal): Promise<void>
}

export type State = 'waiting' | 'sending' | 'done' | 'skipped' | 'failed'
export type Answer = 'replace' | 'keep' | 'skip'

export interface Job {
  /** Where it is to go. */
  path: string
  file: File
  state: State
  sent: number
  /** Why it failed, or why it waits. */
  why: string
  overwrite: boolean
  folder: string // the folder that the batch goes to
}

/** What the owner of the queue is asked and told. */
export interface Listener {
  /** There is already something at this path. */
  conflict(path: string): Promise<{ answer: Answer; forAll: boolean }>
  changed(): void
  /** Something new lies in or below this folder. */
  arrived(folder: string): void
}

const workers = 4
/** How long to wait before a file that stumbled is tried again, in milliseconds. */
const waits = [1000, 3000, 9000]

/** Uploads files one after the other, some at a time, and makes the folders they need. */
export class Queue {
  readonly jobs: Job[] = []
  /** Folders that could not be made, and drops that could not be read. */
  readonly troubles: { path: string; why: string }[] = []
  #scanning = 0
  #next = 0
  #running = 0
  #again: Job[] = []
  #folders = new Map<string, Promise<Set<string>>>()
  #forAll: Answer | undefined
  #asking: Promise<unknown> = Promise.resolve()
  #stop = new AbortController()
  readonly #server: Transport
  readonly #listener: Listener

  constructor(server: Transport, listener: Listener) {
    this.#server = server
    this.#listener = listener
  }

  get busy(): boolean {
    return this.#scanning > 0 || this.#running > 0
  }

  get scanning(): boolean {
    return this.#scanning > 0
  }

  /** Queues all that comes; what is in the folder already is known by its names. */
  async add(items: AsyncIterable<Item>, into: string, names: Iterable<string>): Promise<void> {
    if (!this.busy) this.#fresh()
    const { signal } = this.#stop
    if (!this.#folders.has(into)) this.#folders.set(into, Promise.resolve(new Set(names)))
    this.#scanning++
    try {
      for await (const item of items) {
        if (signal.aborted) return
        const path = item.path.map(name => name.normalize('NFC')).reduce(join, into)
        if (item.kind === 'unreadable') this.#trouble(path, new ApiError(400, 'It cannot be read on this device.'), signal)
        else if (item.kind === 'file') this.#queue({ path, file: item.file, state: 'waiting', sent: 0, why: '', overwrite: false, folder: into })
        else this.#ensure(path).then(() => this.#listener.arrived(into), (error: unknown) => this.#trouble(path, error, signal))
      }
    } catch (error) {
      this.#trouble(into, error, signal)
    } finally {
      this.#scanning--
      this.#listener.changed()
    }
  }

  /** Gives everything up that is not done. */
  cancel(): void {
    for (const job of this.jobs) if (job.state === 'waiting' || job.state === 'sending') this.#drop(job)
    this.#next = this.jobs.length
    this.#again = []
    this.#stop.abort(new DOMException('The upload was cancelled.', 'AbortError'))
    this.#stop = new AbortController()
    this.#listener.changed()
  }

  /** Tries again what failed. */
  retry(): void {
    this.#folders.clear()
    this.troubles.length = 0
    const failed = this.jobs.filter(job => job.state === 'failed')
    for (const job of failed) Object.assign(job, { state: 'waiting', why: '', sent: 0 })
    this.#again.push(...failed)
    this.#start()
  }

  /** Forgets everything; nothing may be under way. */
  #fresh(): void {
    this.jobs.length = 0
    this.troubles.length = 0
    this.#next = 0
    this.#folders.clear()
    this.#forAll = undefined
  }

  #queue(job: Job): void {
    this.jobs.push(job)
    this.#start()
  }

  #start(): void {
    while (this.#running < workers && (this.#again.length > 0 || this.#next < this.jobs.length)) {
      this.#running++
      void this.#work(this.#stop.signal)
    }
    this.#listener.changed()
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const job = this.#again.shift() ?? this.jobs[this.#next++]
      if (!job) break
      await this.#attempt(job, signal)
      this.#listener.changed()
    }
    this.#next = Math.min(this.#next, this.jobs.length)
    this.#running--
    this.#listener.changed()
  }

  async #attempt(job: Job, signal: AbortSignal): Promise<void> {
    try {
      job.state = 'sending'
      const names = await this.#ensure(parentOf(job.path))
      if (names.has(nameOf(job.path)) && !job.overwrite) await this.#settle(job, names)
      for (let tries = 0; job.state === 'sending'; tries++) await this.#send(job, names, tries, signal)
    } catch (error) {
      if (signal.aborted) this.#drop(job)
      else Object.assign(job, { state: 'failed', why: reason(error) })
    }
  }

  async #send(job: Job, names: Set<string>, tries: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#server.upload(job.path, job.file, job.overwrite, signal, sent => {
        job.sent = sent
        job.why = ''
        this.#listener.changed()
      })
      this.#finish(job, names)
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError)) throw error
      if (error.status === 412 && !job.overwrite) {
        if (tries > 0 && (await this.#server.same(job.path, job.file, signal))) return this.#finish(job, names)
        return this.#settle(job, names)
      }
      const wait = waits[tries]
      if (wait === undefined || !error.passing) throw error
      Object.assign(job, { sent: 0, why: `${error.message} Trying again …` })
      this.#listener.changed()
      await this.#server.pause(Math.max(wait, error.retryAfter * 1000), signal)
    }
  }

  #finish(job: Job, names: Set<string>): void {
    names.add(nameOf(job.path))
    Object.assign(job, { state: 'done', sent: job.file.size, why: '' })
    this.#listener.arrived(job.folder)
  }

  /** Asks, one question at a time, what is to become of a file whose name is taken. */
  async #settle(job: Job, names: Set<string>): Promise<void> {
    const turn = this.#asking.then(async (): Promise<Answer> => {
      if (job.state !== 'sending') return 'skip' // cancelled while others were asked about
      if (this.#forAll) return this.#forAll
      const { answer, forAll } = await this.#listener.conflict(job.path)
      if (forAll) this.#forAll = answer
      return answer
    })
    this.#asking = turn.catch(() => undefined)
    const answer = await turn
    if (job.state !== 'sending') return
    if (answer === 'skip') job.state = 'skipped'
    else if (answer === 'replace') job.overwrite = true
    else {
      names.add(nameOf(job.path))
      job.path = join(parentOf(job.path), freeName(nameOf(job.path), names))
      names.add(nameOf(job.path))
    }
  }

  /** Sees to it that a folder is there and returns the names in it. */
  #ensure(path: string): Promise<Set<string>> {
    const known = this.#folders.get(path)
    if (known) return known
    const made = this.#make(path, this.#stop.signal)
    this.#folders.set(path, made)
    made.catch(() => undefined)
    return made
  }

  async #make(path: string, signal: AbortSignal): Promise<Set<string>> {
    if (path === '/') return this.#server.names(path, signal)
    const beside = await this.#ensure(parentOf(path))
    if (beside.has(nameOf(path))) return this.#server.names(path, signal)
    try {
      await this.#server.makeFolder(path, signal)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 405) throw error
      return this.#server.names(path, signal) // 405: it is there
    }
    beside.add(nameOf(path))
    return new Set()
  }

  #trouble(path: string, error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return
    this.troubles.push({ path, why: reason(error) })
    this.#listener.changed()
  }

  #drop(job: Job): void {
    Object.assign(job, { state: 'skipped', why: 'Cancelled.' })
  }
}
