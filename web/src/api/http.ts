/** A request that did not succeed, in words a person can act on. */
export class ApiError extends Error {
  /** HTTP status, 0 when no answer came at all. */
  readonly status: number
  /** What the server's log calls the request; '' when it never got there. */
  readonly requestId: string
  /** Seconds the server asked us to wait. */
  readonly retryAfter: number

  constructor(status: number, message: string, requestId = '', retryAfter = 0) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.requestId = requestId
    this.retryAfter = retryAfter
  }

  /** Whether the same request may succeed later without anybody doing anything. */
  get passing(): boolean {
    return [0, 408, 423, 429, 502, 503, 504].includes(this.status)
  }
}

/** What every request of ours carries: the proof that it is ours, and no password dialog of the browser's. */
export const ourHeaders = { 'OCS-APIRequest': 'true', 'X-Requested-With': 'XMLHttpRequest' } as const

export const noConnection = 'There is no connection to the server.'

export interface Call {
  headers?: Record<string, string>
  body?: string | FormData
  signal?: AbortSignal | undefined
}

/** Sends a request and returns its answer if it succeeded. Throws ApiError, or the signal's AbortError. */
export async function send(method: string, url: string, call: Call = {}): Promise<Response> {
  let answer: Response
  try {
    answer = await fetch(url, {
      method,
      headers: { ...ourHeaders, ...call.headers },
      body: call.body ?? null,
      signal: call.signal ?? null,
      credentials: 'same-origin',
      cache: 'no-store',
    })
  } catch (error) {
    if (call.signal?.aborted) throw error
    throw new ApiError(0, noConnection)
  }
  if (answer.ok) return answer
  const text = await answer.text().catch(() => '')
  throw failure(answer.status, text, name => answer.headers.get(name))
}

/** What we say better than a server, which does not know what a person was about to do. */
const own: ReadonlySet<number> = new Set([401, 404, 412])

/** Makes an ApiError of an answer, whichever protocol it came over. */
export function failure(status: number, body: string, header: (name: string) => string | null): ApiError {
  const wait = Number.parseInt(header('Retry-After') ?? '', 10)
  const words = own.has(status) ? '' : messageIn(body)
  return new ApiError(status, words || sentence(status), header('X-Request-Id') ?? '', Number.isNaN(wait) ? 0 : wait)
}

/** Finds the server's own words in d:error, an OCS envelope, {"message": …} or {"data": {"message": …}}. */
export function messageIn(body: string): string {
  const text = body.trimStart()
  if (text.startsWith('{')) {
    try {
      const said: unknown = JSON.parse(text)
      return field(said, 'message') || field(inner(inner(said, 'ocs'), 'meta'), 'message') || field(inner(said, 'data'), 'message')
    } catch {
      return ''
    }
  }
  const found = /<(?:s:)?message>([^<]*)<\/(?:s:)?message>/.exec(text)
  return found ? unescapeXml(found[1] ?? '') : ''
}

function inner(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}

function field(value: unknown, key: string): string {
  const found = inner(value, key)
  return typeof found === 'string' ? found : ''
}

/** Writes a text so that it can stand in an element. */
export const escapeXml = (text: string): string => text.replace(/[&<>]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? c)

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Replaces entities and character references; what is neither stays as it is. */
export function unescapeXml(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]{2,4});/gi, (whole, ref: string) => {
    if (!ref.startsWith('#')) return named[ref] ?? whole
    const code = ref[1] === 'x' || ref[1] === 'X' ? Number.parseInt(ref.slice(2), 16) : Number.parseInt(ref.slice(1), 10)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

function sentence(status: number): string {
  const known = {
    400: 'The server refused.',
    401: 'You are signed out.',
    403: 'You are not allowed to do this.',
    404: 'It is not there any more.',
    409: 'The folder it belongs in is not there any more.',
    412: 'There is already something of this name.',
    413: 'The file is too large for this server.',
    423: 'It is locked by somebody else.',
    429: 'The server asks us to slow down.',
    500: 'The server could not do it.',
    507: 'There is not enough room left.',
  }
  return status in known ? known[status as keyof typeof known] : known[status >= 500 ? 500 : 400]
}
