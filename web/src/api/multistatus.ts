import { type XmlHandler, XmlReader } from './xml'

const dav = (local: string): string => `{DAV:}${local}`

/** One response of a multistatus (RFC 4918 section 14.24): what was found of one resource. */
export interface Found {
  href: string
  /** 200, or the status of the response as a whole if it has one. */
  status: number
  /** Property → its text, or the names of its child elements with blanks between. Only those found. */
  props: Map<string, string>
}

/** Reads a multistatus in pieces and hands over each response as soon as it is whole. */
export class Multistatus implements XmlHandler {
  readonly #reader = new XmlReader(this)
  readonly #found: (found: Found) => void
  #depth = 0
  #root = ''
  #now: Found = blank()
  #props = new Map<string, string>()
  #status = 200
  #text = ''

  constructor(found: (found: Found) => void) {
    this.#found = found
  }

  push(piece: string): void {
    this.#reader.push(piece)
  }

  /** To be called when no more comes. Throws unless the answer was whole: half a listing is none. */
  end(): void {
    this.#reader.end()
    if (this.#root !== dav('multistatus')) throw new SyntaxError('this is no multistatus')
  }

  open(name: string): void {
    this.#depth++
    if (this.#depth === 1) this.#root = name
    if (this.#depth === 2) this.#now = blank()
    if (this.#depth === 3) {
      this.#props = new Map()
      this.#status = 200
    }
    if (this.#depth <= 5) this.#text = ''
    else this.#text += this.#text === '' ? name : ` ${name}`
  }

  text(text: string): void {
    if (this.#depth >= 3) this.#text += text
  }

  close(name: string): void {
    const depth = this.#depth--
    if (depth === 5) this.#props.set(name, this.#text.trim())
    else if (depth === 4 && name === dav('status')) this.#status = statusOf(this.#text)
    else if (depth === 3 && name === dav('href')) this.#now.href = this.#text.trim()
    else if (depth === 3 && name === dav('status')) this.#now.status = statusOf(this.#text)
    else if (depth === 3 && name === dav('propstat') && this.#status < 300) {
      for (const [prop, value] of this.#props) this.#now.props.set(prop, value)
    } else if (depth === 2 && name === dav('response')) this.#found(this.#now)
  }
}

function blank(): Found {
  return { href: '', status: 200, props: new Map() }
}

function statusOf(line: string): number {
  const code = Number.parseInt(/^\s*HTTP\/[0-9.]+ ([0-9]{3})/.exec(line)?.[1] ?? '', 10)
  if (Number.isNaN(code)) throw new SyntaxError(`${line} is no status line`)
  return code
}
