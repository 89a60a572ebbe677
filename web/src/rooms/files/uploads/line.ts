import { ApiError } from '../../../api/http'
import { type Transport, patience } from './job'

/** The line to the server: what stumbles is tried again, and while the line is cut everybody waits for the same sign of life. */
export class Line {
  #back: Promise<void> | undefined
  readonly #server: Pick<Transport, 'reachable' | 'pause'>
  readonly #changed: () => void

  constructor(server: Pick<Transport, 'reachable' | 'pause'>, changed: () => void) {
    this.#server = server
    this.#changed = changed
  }

  /** Whether there is no connection at the moment. */
  get cut(): boolean {
    return this.#back !== undefined
  }

  /** Waits as long as it takes before another try. Throws the error when there is no use in one. */
  async recover(error: unknown, tries: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const wait = error instanceof ApiError ? patience(error, tries) : undefined
    if (wait === undefined) throw error
    await this.#server.pause(wait, signal)
    if (error instanceof ApiError && error.status === 0) await this.#connected(signal)
  }

  /** Does something that may be done twice, until it is done or there is no use any more. */
  async steadily<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await act()
      } catch (error) {
        await this.recover(error, tries, signal)
      }
    }
  }

  /** Waits for a sign of life; one question for all who wait. */
  #connected(signal: AbortSignal): Promise<void> {
    this.#back ??= this.#listen()
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error)
      signal.addEventListener('abort', stop, { once: true })
      void this.#back?.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
    })
  }

  async #listen(): Promise<void> {
    this.#changed()
    try {
      await this.#server.reachable(new AbortController().signal)
    } finally {
      this.#back = undefined
      this.#changed()
    }
  }
}
