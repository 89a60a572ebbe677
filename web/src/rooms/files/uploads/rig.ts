import { ApiError } from '../../../api/http'
import type { Answer, Job, Transport } from './job'
import { Queue } from './queue'
import type { Item } from './walk'

// What the tests of the queue stand on.

/** A server in memory. plan says, for a path, the errors of its first uploads. */
export class Memory implements Transport {
  readonly files = new Map<string, string>()
  readonly folders = new Map<string, Set<string>>([['/', new Set()]])
  readonly plan = new Map<string, ApiError[]>()
  readonly waits: number[] = []
  readonly forgotten: string[] = []
  /** What uploads wait for before they go. */
  gate = Promise.resolve()
  /** When the line is cut, by the number of requests so far; and who waits for it to come back. */
  cuts: number[] = []
  requests = 0
  #mend: (() => void)[] = []
  #cut = false
  arrived = new Map<string, number>()
  made = 0
  busy = 0
  busiest = 0

  #wire(): void {
    if (this.requests++ === this.cuts[0]) {
      this.cuts.shift()
      this.#cut = true
      setTimeout(() => {
        this.#cut = false
        for (const mended of this.#mend.splice(0)) mended()
      }, 5)
    }
    if (this.#cut) throw new ApiError(0, 'no network')
  }

  async reachable(): Promise<void> {
    if (this.#cut) await new Promise<void>(resolve => this.#mend.push(resolve))
  }

  async forget(job: Job): Promise<void> {
    this.forgotten.push(job.path)
  }

  #put(path: string): void {
    const at = path.lastIndexOf('/')
    const folder = this.folders.get(path.slice(0, at) || '/')
    if (!folder) throw new ApiError(409, 'no folder')
    folder.add(path.slice(at + 1))
  }

  async upload({ path, file, overwrite }: Job, _again: boolean, signal: AbortSignal, sent: (n: number) => void): Promise<void> {
    this.busiest = Math.max(this.busiest, ++this.busy)
    try {
      await this.gate
      signal.throwIfAborted()
      this.#wire()
      sent(file.size)
      const error = this.plan.get(path)?.shift()
      if (error?.message === 'lost') this.files.set(path, await file.text()) // it arrived, the answer did not
      if (error) throw error
      if (this.files.has(path) && !overwrite) throw new ApiError(412, 'taken')
      this.#put(path)
      this.arrived.set(path, (this.arrived.get(path) ?? 0) + 1)
      this.files.set(path, await file.text())
    } finally {
      this.busy--
    }
  }

  async makeFolder(path: string): Promise<void> {
    await Promise.resolve()
    this.#wire()
    this.made++
    const error = this.plan.get(path)?.shift()
    if (error) throw error
    if (this.folders.has(path)) throw new ApiError(405, 'there already')
    this.#put(path)
    this.folders.set(path, new Set())
  }

  async names(path: string): Promise<Set<string>> {
    const names = this.folders.get(path)
    if (!names) throw new ApiError(404, 'gone')
    return new Set(names)
  }

  async same(path: string, file: File): Promise<boolean> {
    return this.files.get(path) === (await file.text())
  }

  async pause(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.waits.push(ms)
  }
}

export function rig(answers: Answer[] = [], forAll = false) {
  const server = new Memory()
  const asked: string[] = []
  const kept = new Set<string>()
  const twice: string[] = []
  let wake = (): void => undefined
  const queue = new Queue(server, {
    conflict: async path => {
      asked.push(path)
      return { answer: answers.shift() ?? 'skip', forAll }
    },
    changed: () => wake(),
    arrived: () => undefined,
    keep: job => void kept.add(job.id),
    ended: job => {
      if (!kept.delete(job.id)) twice.push(job.path)
    },
  })
  const settled = (): Promise<void> => new Promise(resolve => {
    wake = () => {
      if (!queue.busy) resolve()
    }
    wake()
  })
  /** Uploads texts by their paths and waits for the end. */
  async function upload(all: Record<string, string>, into = '/'): Promise<void> {
    const names = await server.names(into)
    await queue.add(items(all), into, names)
    await settled()
  }
  return { server, queue, asked, upload, settled, kept, twice }
}

export async function* items(all: Record<string, string>): AsyncGenerator<Item> {
  for (const [path, text] of Object.entries(all)) {
    if (path.endsWith('/')) yield { kind: 'folder', path: path.slice(0, -1).split('/') }
    else yield { kind: 'file', path: path.split('/'), file: new File([text], 'x') }
  }
}

/** What has become of each, in the order of the list. */
export const states = (queue: Queue): string => queue.jobs.map(j => j.state).join(' ')
