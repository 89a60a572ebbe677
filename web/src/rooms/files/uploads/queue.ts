import { ApiError } from '../../../api/http'
import { reason } from '../../../kit/notices'
import { freeName, join, nameOf, parentOf } from '../../../kit/paths'
import { t } from '../../../kit/words'
import { Folders } from './folders'
import type { Answer, Job, Listener, State, Transport, Trouble } from './job'
import { Line } from './line'
import type { Item } from './walk'

const workers = 4
const is = (job: Job, state: State): boolean => job.state === state
const ended = { done: true, skipped: true, failed: true, waiting: false, sending: false, paused: false } as const

/** Uploads files some at a time, and makes the folders they need. Nothing ends in silence: each job says what became of it. */
export class Queue {
  readonly jobs: Job[] = []
  /** Folders that could not be made, and drops that could not be read. */
  readonly troubles: Trouble[] = []
  #scanning = 0
  #held = false // all are paused, those too that are still being found
  #running = 0
  #waiting: Job[] = [] // in turn; what has been paused or cancelled since is passed over
  #at = 0
  #forAll: Answer | undefined
  #asking: Promise<unknown> = Promise.resolve()
  #stop = new AbortController()
  readonly #stops = new Map<Job, AbortController>()
  readonly #name: string
  #count = 0
  readonly #server: Transport
  readonly #listener: Listener
  readonly #line: Line
  readonly #folders: Folders

  /** name distinguishes its jobs from those of all other queues. */
  constructor(server: Transport, listener: Listener, name = 'q') {
    this.#server = server
    this.#listener = listener
    this.#name = name
    this.#line = new Line(server, () => listener.changed())
    this.#folders = new Folders(server, this.#line)
  }

  get busy(): boolean {
    return this.#scanning > 0 || this.#running > 0
  }

  get scanning(): boolean {
    return this.#scanning > 0
  }

  /** Whether there is no connection to the server at the moment. */
  get cut(): boolean {
    return this.#line.cut
  }

  /** Queues all that comes; what is in the folder already is known by its names. */
  async add(items: AsyncIterable<Item>, into: string, names: Iterable<string>): Promise<void> {
    this.#fresh()
    if (this.#scanning === 0) this.#held = false
    const { signal } = this.#stop
    this.#folders.tell(into, names)
    this.#scanning++
    try {
      for await (const item of items) {
        if (signal.aborted) return
        const path = item.path.map(name => name.normalize('NFC')).reduce(join, into)
        if (item.kind === 'unreadable') this.#trouble(path, new ApiError(400, t('It cannot be read on this device.')), signal)
        else if (item.kind === 'file') this.#push({ id: `${this.#name}-${++this.#count}`, path, file: item.file, state: 'waiting', sent: 0, why: '', overwrite: false, begun: false, folder: into })
        else this.#folders.ensure(path, signal).then(() => this.#listener.arrived(into), (error: unknown) => this.#trouble(path, error, signal))
      }
    } catch (error) {
      this.#trouble(into, error, signal)
    } finally {
      this.#scanning--
      this.#listener.changed()
    }
  }

  /** Goes on with what another page began. */
  adopt(jobs: readonly Omit<Job, 'state' | 'sent' | 'why' | 'begun'>[]): void {
    this.#fresh()
    this.#held = false
    for (const { id, path, file, overwrite, folder } of jobs) this.#push({ id, path, file, overwrite, folder, state: 'waiting', sent: 0, why: '', begun: true })
  }

  /** Holds one, or all that is not done. */
  pause(id?: string): void {
    if (id === undefined) this.#held = true
    this.#each(id, job => job.state === 'waiting' || job.state === 'sending', job => this.#halt(job, 'paused'))
  }

  /** Goes on with what was paused. */
  resume(id?: string): void {
    if (id === undefined) this.#held = false
    this.#each(id, job => job.state === 'paused', job => this.#again(job))
    this.#start()
  }

  /** Tries again what failed. */
  retry(id?: string): void {
    this.#folders.clear()
    if (id === undefined) this.troubles.length = 0
    this.#each(id, job => job.state === 'failed', job => this.#again(job))
    this.#start()
  }

  /** Gives up one, or everything that is not done. */
  cancel(id?: string): void {
    if (id === undefined) {
      this.#stop.abort(new DOMException('The upload was cancelled.', 'AbortError'))
      this.#stop = new AbortController()
      this.#folders.clear()
    }
    this.#each(id, job => !ended[job.state] || (id !== undefined && job.state === 'failed'), job => {
      const begun = job.begun
      this.#halt(job, 'skipped', t('Cancelled.'))
      this.#listener.ended(job)
      if (begun) void this.#server.forget(job).catch(() => undefined) // what is left behind expires by itself
    })
  }

  /** Forgets what is over; what is paused or failed is given up. */
  clear(): void {
    this.cancel()
    for (const job of this.jobs) if (job.state === 'failed') this.#listener.ended(job)
    this.jobs.length = this.troubles.length = 0
    this.#listener.changed()
  }

  /** Begins a new list when the old one is over. */
  #fresh(): void {
    if (this.busy || this.jobs.some(job => !ended[job.state] || job.state === 'failed')) return
    this.jobs.length = this.troubles.length = 0
    this.#folders.clear()
    this.#forAll = undefined
  }

  #each(id: string | undefined, which: (job: Job) => boolean, act: (job: Job) => void): void {
    for (const job of this.jobs) if ((id === undefined || job.id === id) && which(job)) act(job)
    this.#listener.changed()
  }

  #push(job: Job): void {
    if (this.#held) job.state = 'paused'
    this.jobs.push(job)
    this.#waiting.push(job)
    this.#listener.keep(job)
    this.#start()
  }

  #again(job: Job): void {
    Object.assign(job, { state: 'waiting', why: '' })
    this.#waiting.push(job)
  }

  #halt(job: Job, state: 'paused' | 'skipped', why = ''): void {
    Object.assign(job, { state, why })
    this.#stops.get(job)?.abort(new DOMException('The upload was stopped.', 'AbortError'))
  }

  #next(): Job | undefined {
    while (this.#at < this.#waiting.length) {
      const job = this.#waiting[this.#at++]
      if (job?.state === 'waiting' && !this.#stops.has(job)) return job
    }
    this.#waiting = []
    this.#at = 0
    return undefined
  }

  #start(): void {
    while (this.#running < workers && this.#at < this.#waiting.length) {
      const job = this.#next()
      if (!job) break
      this.#running++
      void this.#work(job)
    }
    this.#listener.changed()
  }

  async #work(first: Job): Promise<void> {
    for (let job: Job | undefined = first; job; job = this.#next()) {
      await this.#attempt(job)
      this.#listener.changed()
    }
    this.#running--
    this.#start()
  }

  async #attempt(job: Job): Promise<void> {
    const stop = new AbortController()
    this.#stops.set(job, stop)
    job.state = 'sending'
    try {
      const names = await this.#folders.ensure(parentOf(job.path), this.#stop.signal)
      stop.signal.throwIfAborted()
      if (names.has(nameOf(job.path)) && !job.overwrite) await this.#taken(job, names, job.begun, stop.signal)
      for (let tries = 0; is(job, 'sending'); tries++) await this.#send(job, names, tries, stop.signal)
    } catch (error) {
      if (!stop.signal.aborted) Object.assign(job, { state: 'failed', why: reason(error) })
    } finally {
      this.#stops.delete(job)
      if (is(job, 'waiting')) this.#waiting.push(job) // it was paused and is to go on, before this came to its end
    }
  }

  async #send(job: Job, names: Set<string>, tries: number, signal: AbortSignal): Promise<void> {
    const begun = job.begun
    try {
      job.begun = true
      await this.#server.upload(job, begun, signal, sent => {
        Object.assign(job, { sent, why: '' })
        this.#listener.changed()
      })
      signal.throwIfAborted()
      this.#finish(job, names)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof ApiError && error.status === 412 && !job.overwrite) {
        return this.#taken(job, names, begun, signal)
      }
      job.why = t('{why} Trying again …', { why: reason(error) })
      this.#listener.changed()
      await this.#line.recover(error, tries, signal)
    }
  }

  #finish(job: Job, names: Set<string>): void {
    names.add(nameOf(job.path))
    Object.assign(job, { state: 'done', sent: job.file.size, why: '' })
    this.#listener.ended(job)
    this.#listener.arrived(job.folder)
  }

  /** There is something at its place: this very file if it had been sent before and the answer was lost. */
  async #taken(job: Job, names: Set<string>, begun: boolean, signal: AbortSignal): Promise<void> {
    if (begun && (await this.#line.steadily(() => this.#server.same(job.path, job.file, signal), signal))) this.#finish(job, names)
    else await this.#settle(job, names, signal)
  }

  /** Asks, one question at a time, what is to become of a file whose name is taken. */
  async #settle(job: Job, names: Set<string>, signal: AbortSignal): Promise<void> {
    const turn = this.#asking.then(async (): Promise<Answer> => {
      signal.throwIfAborted() // given up while others were asked about
      if (this.#forAll) return this.#forAll
      const { answer, forAll } = await this.#listener.conflict(job.path, signal)
      if (forAll) this.#forAll = answer
      return answer
    })
    this.#asking = turn.catch(() => undefined)
    const answer = await turn
    signal.throwIfAborted()
    if (answer === 'skip') {
      Object.assign(job, { state: 'skipped', why: t('There was already something of this name.') })
      this.#listener.ended(job)
      return
    }
    if (answer === 'replace') job.overwrite = true
    else {
      names.add(nameOf(job.path))
      job.path = join(parentOf(job.path), freeName(nameOf(job.path), names))
      names.add(nameOf(job.path))
    }
    this.#listener.keep(job)
  }

  #trouble(path: string, error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return
    this.troubles.push({ path, why: reason(error) })
    this.#listener.changed()
  }
}
