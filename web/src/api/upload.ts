import { addressOf } from './dav'
import { ApiError, failure, noConnection, ourHeaders, send } from './http'

/** Files above this many bytes go up in chunks. */
export const chunkedAbove = 100 * 1024 * 1024
const chunkSize = 20 * 1024 * 1024
const maxChunks = 9000

/** How a chunk of an upload that stumbles is tried again: milliseconds to wait, and when to give up. */
const chunkWaits = [1000, 3000, 8000]

export interface Sending {
  signal: AbortSignal
  /** Told how many bytes of the file have gone so far. */
  sent(bytes: number): void
}

/**
 * Stores a file: in one request, or in chunks (protocol version 2) if it is large.
 * Without overwrite an existing file is left alone and ApiError 412 thrown. Nothing is
 * visible on the server before all of it is there.
 */
export async function upload(user: string, path: string, file: File, overwrite: boolean, sending: Sending): Promise<void> {
  const to = addressOf(user, path)
  const time = { 'X-OC-MTime': String(Math.floor(file.lastModified / 1000)) }
  if (file.size > chunkedAbove) return uploadChunks(user, to, file, { ...time, Overwrite: overwrite ? 'T' : 'F' }, sending)
  const condition: Record<string, string> = overwrite ? {} : { 'If-None-Match': '*' }
  await put(to, file, { ...time, ...condition }, sending.signal, sending.sent)
}

async function uploadChunks(
  user: string, to: string, file: File, headers: Record<string, string>, { signal, sent }: Sending,
): Promise<void> {
  const folder = `/remote.php/dav/uploads/${encodeURIComponent(user)}/web-${crypto.getRandomValues(new Uint32Array(4)).join('')}`
  const whole = { Destination: location.origin + to, 'OC-Total-Length': String(file.size) }
  const size = Math.max(chunkSize, Math.ceil(file.size / maxChunks))
  await send('MKCOL', folder, { headers: whole, signal })
  try {
    for (let from = 0, n = 1; from < file.size; from += size, n++) {
      const chunk = file.slice(from, from + size)
      await persistently(signal, () => put(`${folder}/${String(n).padStart(5, '0')}`, chunk, whole, signal, bytes => sent(from + bytes)))
    }
    await persistently(signal, () => send('MOVE', `${folder}/.file`, { headers: { ...whole, ...headers }, signal }))
  } catch (error) {
    await send('DELETE', folder).catch(() => undefined) // what is left behind expires after a day anyway
    throw error
  }
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
