import { ApiError, send } from './http'
import { type Found, Multistatus } from './multistatus'

/** The body of a PROPFIND for some properties. */
export const propfindBody = (props: string): string =>
  `<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"><d:prop>${props}</d:prop></d:propfind>`

/** Takes what was found. If it gives a promise, that is waited for before more is read. */
export type Hand = (f: Found) => unknown

/** Asks for properties and hands over each resource as soon as it has come. Half an answer is an ApiError. */
export async function propfind(url: string, depth: string, props: string, found: Hand, signal?: AbortSignal): Promise<void> {
  await ask('PROPFIND', url, { Depth: depth }, props, found, signal)
}

/** Asks with any method that is answered by a multistatus. */
export async function ask(method: string, url: string, more: Record<string, string>, body: string, found: Hand, signal?: AbortSignal): Promise<void> {
  const headers = { 'Content-Type': 'application/xml; charset=utf-8', Prefer: 'return=minimal', ...more }
  const answer = await send(method, url, { headers, body, signal })
  try {
    await read(answer, found)
  } catch (error) {
    if (signal?.aborted) throw error
    const id = answer.headers.get('X-Request-Id') ?? ''
    throw new ApiError(0, 'The answer did not come whole. Try again.', id)
  }
}

/** Milliseconds for which a long answer is read at a stretch: then the page may draw, and hear what somebody does. */
const stretch = 30
/** Characters that are read before the clock is looked at: some sixty entries. */
const bite = 1 << 15

async function breath(): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  await new Promise(done => {
    port1.onmessage = done
    port2.postMessage(0)
  })
  port1.close()
}

async function read(answer: Response, found: Hand): Promise<void> {
  let promised: Promise<unknown> | undefined
  const parser = new Multistatus(one => {
    const given = found(one)
    if (given instanceof Promise) promised = given
  })
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rested = performance.now()
  const reader = answer.body?.getReader()
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
    const text = decoder.decode(piece.value, { stream: true })
    for (let at = 0; at < text.length; at += bite) {
      parser.push(text.slice(at, at + bite))
      if (!promised && performance.now() - rested < stretch) continue
      await (promised ?? breath())
      promised = undefined
      rested = performance.now()
    }
  }
  parser.push(decoder.decode())
  parser.end()
}
