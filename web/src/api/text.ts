import { addressOf } from './dav'
import { ApiError, send } from './http'

/** The words of a file, and which version of it they are. */
export interface Written {
  text: string
  etag: string
}

/** Reads a file as text; undefined for one that is no text in UTF-8. */
export async function readText(user: string, path: string, signal?: AbortSignal): Promise<Written | undefined> {
  const answer = await send('GET', addressOf(user, path), { signal })
  const bytes = await answer.arrayBuffer()
  const text = decoded(bytes)
  return text === undefined ? undefined : { text, etag: etagOf(answer) }
}

/** The text of bytes in UTF-8; undefined for what is none. Exported for its test. */
export function decoded(bytes: ArrayBuffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

/** Somebody else has changed the file in the meantime. */
export class Overtaken extends Error {
  constructor() {
    super('changed by somebody else')
    this.name = 'Overtaken'
  }
}

/** Writes a file if it still is the version that is known; with '' only if there is none yet. Throws Overtaken if not, and tells the new version. */
export async function writeText(user: string, path: string, text: string, etag: string): Promise<string> {
  const condition: Record<string, string> = etag === '' ? { 'If-None-Match': '*' } : { 'If-Match': etag }
  try {
    const answer = await send('PUT', addressOf(user, path), { headers: { ...condition, 'Content-Type': 'text/plain; charset=utf-8' }, body: text })
    return etagOf(answer)
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) throw new Overtaken()
    throw error
  }
}

const etagOf = (answer: Response): string => answer.headers.get('OC-ETag') ?? answer.headers.get('ETag') ?? ''
