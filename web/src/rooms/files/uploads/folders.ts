import { ApiError } from '../../../api/http'
import { nameOf, parentOf } from '../../../kit/paths'
import type { Transport } from './job'
import type { Line } from './line'

/** The folders that uploads go to, with the names in them. Each is made once, whoever needs it first. */
export class Folders {
  readonly #known = new Map<string, Promise<Set<string>>>()
  readonly #server: Transport
  readonly #line: Line

  constructor(server: Transport, line: Line) {
    this.#server = server
    this.#line = line
  }

  /** Tells what is in a folder that is there. */
  tell(path: string, names: Iterable<string>): void {
    if (!this.#known.has(path)) this.#known.set(path, Promise.resolve(new Set(names)))
  }

  clear(): void {
    this.#known.clear()
  }

  /** Sees to it that a folder is there and returns the names in it. */
  ensure(path: string, signal: AbortSignal): Promise<Set<string>> {
    const known = this.#known.get(path)
    if (known) return known
    const made = this.#make(path, signal)
    this.#known.set(path, made)
    made.catch(() => undefined)
    return made
  }

  #names(path: string, signal: AbortSignal): Promise<Set<string>> {
    return this.#line.steadily(() => this.#server.names(path, signal), signal)
  }

  async #make(path: string, signal: AbortSignal): Promise<Set<string>> {
    if (path === '/') return this.#names(path, signal)
    const beside = await this.ensure(parentOf(path), signal)
    if (beside.has(nameOf(path))) return this.#names(path, signal)
    try {
      await this.#line.steadily(() => this.#server.makeFolder(path, signal), signal)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 405) throw error
      return this.#names(path, signal) // 405: it is there
    }
    beside.add(nameOf(path))
    return new Set()
  }
}
