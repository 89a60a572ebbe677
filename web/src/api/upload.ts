import { addressOf } from './dav'
import { ApiError, failure, noConnection, ourHeaders, send } from './http'
import { propfind, propfindBody } from './propfind'

/** Files above this many bytes go up in chunks. */
export const chunkedAbove = 40 * 1024 * 1024
const chunkSize = 20 * 1024 * 1024
const maxChunks = 9000
/** How many chunks of one file are under way at a time. */
const lanes = 3

/** How a chunk of an upload that stumbles is tried again: milliseconds to wait, and when to give up. */
const chunkWaits = [1000, 3000, 8000]

const sizeProps = propfindBody('<d:getcontentlength/>')

export interface Sending {
  /** Under this the server collects the chunks; whoever comes again with the same key goes on where it was left. */
  key: string
  /** Whether some of it may be there already. */
  again: boolean
  overwrite: boolean
  signal: AbortSignal
  /** Told how many bytes of the file have gone so far. */
  sent(bytes: number): void
}

/**
 * Stores a file: in one request, or in chunks (protocol version 2) if it is large.
 * Without overwrite an existing file is left alone and ApiError 412 thrown. Nothing is
 * visible on the server before all of it is there. Chunks stay on the server when it stumbles.
 */
export async function upload(user: string, path: string, file: File, sending: Sending): Promise<void> {
  const to = addressOf(user, path)
  const time = { 'X-OC-MTime': String(Math.floor(file.lastModified / 1000)) }
  if (file.size > chunkedAbove) return uploadChunks(user, to, file, { ...time, Overwrite: sending.overwrite ? 'T' : 'F' }, sending)
  const condition: Record<string, string> = sending.overwrite ? {} : { 'If-None-Match': '*' }
  await put(to, file, { ...time, ...condition }, sending.signal, sending.sent)
}

const collection = (user: string, key: string): string => `/remote.php/dav/uploads/${encodeURIComponent(user)}/web-${encodeURIComponent(key)}`

/** Throws away the chunks that have come so far. */
export async function forgetUpload(user: string, file: File, key: string): Promise<void> {
  if (file.size > chunkedAbove) await send('DELETE', collection(user, key))
}

/** Where the chunks of a file begin, and how they are named. Exported for its test. */
export function chunksOf(size: number): { name: string; from: number; to: number }[] {
  const step = Math.max(chunkSize, Math.ceil(size / maxChunks))
  return Array.from({ length: Math.ceil(size / step) }, (_, i) => ({
    name: String(i + 1).padStart(5, '0'), from: i * step, to: Math.min(size, (i + 1) * step),
  }))
}

/** The chunks that are on the server already, by name with their sizes; undefined where it knows of no such upload. */
async function collected(folder: string, signal: AbortSignal): Promise<Map<string, number> | undefined> {
  const found = new Map<string, number>()
  try {
    await propfind(folder, '1', sizeProps, ({ href, props }) => {
      const size = Number(props.get('{DAV:}getcontentlength') ?? Number.NaN)
      found.set(href.replace(/\/+$/, '').replace(/^.*\//, ''), size)
    }, signal)
    return found
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}

async function uploadChunks(user: string, target: string, file: File, headers: Record<string, string>, { key, again, signal, sent }: Sending): Promise<void> {
  const folder = collection(user, key)
  const whole = { Destination: location.origin + target, 'OC-Total-Length': String(file.size) }
  const there = again ? await collected(folder, signal) : undefined
  const end = (): Promise<unknown> => send('MOVE', `${folder}/.file`, { headers: { ...whole, ...headers }, signal })
  if (again && !there && (await worked(end))) return // it had ended, only the answer was lost: it is given again
  if (!there) await send('MKCOL', folder, { headers: whole, signal })
  const gone = new Map<string, number>()
  const tell = (): void => sent([...gone.values()].reduce((sum, n) => sum + n, 0))
  const missing = chunksOf(file.size).filter(({ name, from, to }) => {
    const has = there?.get(name) === to - from
    if (has) gone.set(name, to - from)
    return !has
  })
  tell()
  const lane = async (): Promise<void> => {
    for (let chunk = missing.shift(); chunk; chunk = missing.shift()) {
      const { name, from, to } = chunk
      await persistently(signal, () => put(`${folder}/${name}`, file.slice(from, to), whole, signal, bytes => {
        gone.set(name, bytes)
        tell()
      }))
    }
  }
  await together(Array.from({ length: lanes }, () => lane().catch((error: unknown) => {
    missing.length = 0 // the others need not begin any more
    throw error
  })))
  await persistently(signal, end)
}

/** Whether something could be done; false if the server does not know of it. */
async function worked(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false
    throw error
  }
}

/** Waits for all, and then throws what went wrong first. */
async function together(all: Promise<void>[]): Promise<void> {
  for (const one of await Promise.allSettled(all)) if (one.status === 'rejected') throw one.reason
}

async function persistently(signal: AbortSignal, act: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await act()
      return
    } catch (error) {
      const wait = chunkWaits[tries]
      if (wait === undefined || !(error instanceof ApiError) || !error.passing) throw error
      await pause(Math.max(wait, error.retryAfter * 1000), signal)
    }
  }
}

/** Waits until the server answers, whatever it says. A browser that is on line again tells at once. */
export async function reachable(signal: AbortSignal): Promise<void> {
  for (let wait = 1000; ; wait = Math.min(wait * 2, 15_000)) {
    try {
      await send('GET', '/status.php', { signal })
      return
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError)) throw error
      if (error.status !== 0) return
    }
    const woken = new AbortController()
    const wake = (): void => woken.abort()
    addEventListener('online', wake)
    await pause(wait, AbortSignal.any([signal, woken.signal])).catch(() => signal.throwIfAborted())
    removeEventListener('online', wake)
  }
}

/** Waits; throws the signal's reason as soon as it is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}

/** PUT by XMLHttpRequest, since fetch does not tell how far an upload has come. */
function put(
  url: string, body: Blob, headers: Record<string, string>, signal: AbortSignal, sent: (bytes: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const xhr = new XMLHttpRequest()
    const stop = (): void => xhr.abort()
    const done = (settle: () => void): void => {
      signal.removeEventListener('abort', stop)
      settle()
    }
    signal.addEventListener('abort', stop, { once: true })
    xhr.open('PUT', url)
    for (const [name, value] of Object.entries({ ...ourHeaders, 'Content-Type': 'application/octet-stream', ...headers })) {
      xhr.setRequestHeader(name, value)
    }
    xhr.upload.onprogress = event => sent(Math.min(event.loaded, body.size))
    xhr.onabort = () => done(() => reject(signal.reason as Error))
    xhr.onerror = () => done(() => void explain(body).then(reject))
    xhr.onload = () => done(() => {
      if (xhr.status >= 200 && xhr.status < 300) {
        sent(body.size)
        resolve()
      } else reject(failure(xhr.status, xhr.responseText, name => xhr.getResponseHeader(name)))
    })
    xhr.send(body)
  })
}

/** Why nothing went out: the file cannot be read any more, or there is no network. */
async function explain(body: Blob): Promise<ApiError> {
  try {
    await body.slice(0, 1).arrayBuffer()
  } catch {
    return new ApiError(400, 'The file cannot be read on this device. It may have been moved or changed.')
  }
  return new ApiError(0, noConnection)
}
