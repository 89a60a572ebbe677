import { unescapeXml } from './http'

/** What a reader tells: names are in Clark's notation, {namespace}local. */
export interface XmlHandler {
  open(name: string): void
  text(text: string): void
  close(name: string): void
}

/** The longest piece of markup or text we keep waiting for its end. */
const maxToken = 1 << 20
const maxDepth = 100
/** How many tags are remembered; a server that means well has a few dozen. */
const maxTags = 1000

interface Scope {
  prefixes: Map<string, string>
  names: Map<string, string> // raw name → Clark's name, remembered
  tags: Map<string, Tag> // what stands in a tag without attributes → what it is, remembered
}

interface Tag {
  raw: string
  name: string
  scope: Scope
  empty: boolean
}

const [slash, bang, question] = [0x2f, 0x21, 0x3f]

/**
 * Reads XML as WebDAV servers send it, in pieces cut anywhere. It knows elements,
 * namespaces, text, CDATA, comments and references; it refuses document types, and
 * with them entities of somebody's own. Attributes other than xmlns are passed over.
 */
export class XmlReader {
  readonly #handler: XmlHandler
  readonly #open: Tag[] = []
  #rest = ''
  #begun = false

  constructor(handler: XmlHandler) {
    this.#handler = handler
  }

  push(piece: string): void {
    const text = this.#rest + piece
    const quotes = new Quotes(text)
    let at = 0
    for (;;) {
      const mark = text.indexOf('<', at)
      if (mark < 0) break
      const end = endOfMarkup(text, mark, quotes)
      if (mark > at) this.#words(text.slice(at, mark))
      if (end < 0) {
        at = mark
        break
      }
      this.#markup(text, mark, end)
      at = end
    }
    this.#rest = at > 0 ? text.slice(at) : text
    if (this.#rest.length > maxToken) throw new SyntaxError('the answer contains an endless piece of text')
  }

  /** To be called when no more comes. Throws if the document is not whole. */
  end(): void {
    if (!this.#begun || this.#open.length > 0 || this.#rest.trim() !== '') throw new SyntaxError('the answer was cut short')
  }

  #words(text: string): void {
    if (this.#open.length > 0) this.#handler.text(unescapeXml(text))
    else if (text.replace(/^\uFEFF/, '').trim() !== '') throw new SyntaxError('there is text outside of all elements')
  }

  #markup(text: string, from: number, end: number): void {
    const kind = text.charCodeAt(from + 1)
    if (kind === question) return
    if (kind === bang) {
      if (text.startsWith('<![CDATA[', from)) {
        if (this.#open.length === 0) throw new SyntaxError('there is text outside of all elements')
        this.#handler.text(text.slice(from + 9, end - 3))
      }
      return
    }
    if (kind === slash) this.#close(text, from + 2, end - 1)
    else this.#start(text.slice(from + 1, end - 1))
  }

  #start(inside: string): void {
    const parent = this.#open.at(-1)?.scope
    const tag = parent?.tags.get(inside) ?? this.#read(inside, parent)
    if (this.#open.length >= maxDepth) throw new SyntaxError('the answer is nested too deeply')
    this.#handler.open(tag.name)
    if (tag.empty) this.#handler.close(tag.name)
    else this.#open.push(tag)
  }

  #read(inside: string, outer: Scope | undefined): Tag {
    const empty = inside.endsWith('/')
    const tag = empty ? inside.slice(0, -1) : inside
    const cut = tag.search(/\s/)
    const raw = cut < 0 ? tag : tag.slice(0, cut)
    if (raw === '' || (this.#open.length === 0 && this.#begun)) throw new SyntaxError('this is not well-formed XML')
    this.#begun = true
    const parent = outer ?? { prefixes: new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]), names: new Map(), tags: new Map() }
    const scope = cut < 0 ? parent : declared(tag.slice(cut), parent)
    const read = { raw, name: resolve(raw, scope), scope, empty }
    if (cut < 0 && parent.tags.size < maxTags) parent.tags.set(inside, read)
    return read
  }

  #close(text: string, from: number, to: number): void {
    const top = this.#open.pop()
    if (!top || !text.startsWith(top.raw, from) || (to - from !== top.raw.length && text.slice(from, to).trimEnd() !== top.raw)) throw new SyntaxError('this is not well-formed XML')
    this.#handler.close(top.name)
  }
}

/** The index behind the markup that begins at from, -1 if its end has not come yet. */
function endOfMarkup(text: string, from: number, quotes: Quotes): number {
  const kind = text.charCodeAt(from + 1)
  if (kind === question) return behind(text, '?>', from)
  if (kind === bang) {
    if (text.startsWith('<!--', from)) return behind(text, '-->', from + 4)
    if (text.startsWith('<![CDATA[', from)) return behind(text, ']]>', from + 9)
    if (text.length - from < 9) return -1
    throw new SyntaxError('document types are not read')
  }
  let end = text.indexOf('>', from)
  for (let quote = quotes.from(from); quote < end; quote = quotes.from(quote)) {
    quote = text.indexOf(text[quote] ?? '"', quote + 1) + 1 // behind the value, in which > means nothing
    if (quote === 0) return -1
    if (quote > end) end = text.indexOf('>', quote)
  }
  return end < 0 ? -1 : end + 1
}

/** Finds quotes in a text, looking at each part of it once as long as one asks forwards. */
class Quotes {
  readonly #text: string
  #double = -1
  #single = -1

  constructor(text: string) {
    this.#text = text
  }

  /** The first quote at or behind a place, Infinity for none. */
  from(at: number): number {
    if (this.#double < at) this.#double = this.#next('"', at)
    if (this.#single < at) this.#single = this.#next("'", at)
    return Math.min(this.#double, this.#single)
  }

  #next(mark: string, at: number): number {
    const found = this.#text.indexOf(mark, at)
    return found < 0 ? Infinity : found
  }
}

function behind(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at < 0 ? -1 : at + mark.length
}

function declared(attributes: string, parent: Scope): Scope {
  let prefixes = parent.prefixes
  for (const found of attributes.matchAll(/\sxmlns(?::([^\s=]+))?\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    if (prefixes === parent.prefixes) prefixes = new Map(prefixes)
    prefixes.set(found[1] ?? '', unescapeXml(found[2] ?? found[3] ?? ''))
  }
  return prefixes === parent.prefixes ? parent : { prefixes, names: new Map(), tags: new Map() }
}

function resolve(raw: string, scope: Scope): string {
  const known = scope.names.get(raw)
  if (known !== undefined) return known
  const colon = raw.indexOf(':')
  const space = scope.prefixes.get(colon < 0 ? '' : raw.slice(0, colon))
  if (space === undefined && colon >= 0) throw new SyntaxError(`the prefix of ${raw} is not declared`)
  const name = `{${space ?? ''}}${raw.slice(colon + 1)}`
  scope.names.set(raw, name)
  return name
}
