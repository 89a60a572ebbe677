import type { Inline, Target } from '../ui/written'

/** What a text defines once for all its links: [name]: address "title". */
export type Definitions = ReadonlyMap<string, { to: string; title: string }>

/** How far an address or title is read; what is longer is none. */
const longest = 1000
/** How deep things may stand in each other. */
const deepest = 24

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', copy: '©', reg: '®', hellip: '…', mdash: '—', ndash: '–', euro: '€', times: '×', rarr: '→', larr: '←', colon: ':' }

/** Replaces entities and character references; what is none stays. */
const plain = (text: string): string =>
  text.includes('&')
    ? text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]{2,8}));/gi, (whole, hex: string | undefined, dec: string | undefined, name: string | undefined) => {
        if (name) return named[name.toLowerCase()] ?? whole
        const code = hex ? Number.parseInt(hex, 16) : Number.parseInt(dec ?? '', 10)
        return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : '\ufffd'
      })
    : text

/** Where an address leads, undefined if it must not: only to the web, to mail, to files beside the text, and within it. */
export function target(address: string): Target | undefined {
  const at = plain(address)
  if (/[\u0000-\u001f\u007f-\u009f\s\\]/.test(at)) return undefined // browsers drop some of them: java\nscript:
  if (at.startsWith('#')) return at.length > 1 ? { kind: 'heading', at: at.slice(1) } : undefined
  if (/^https?:\/\/[^/?#]/i.test(at) || /^mailto:[^@:/]+@[^@:/]+$/i.test(at)) return { kind: 'address', at }
  const path = decoded(at.replace(/[?#].*$/, '').replace(/^\.\//, ''))
  if (path === '' || path.startsWith('/') || /[\u0000-\u001f\\]/.test(path) || /^[a-z][a-z0-9+.-]*:/i.test(path)) return undefined
  return path.split('/').some(s => s === '..' || s === '.' || s === '') ? undefined : { kind: 'file', at: path }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

/** The name of a picture that lies beside the text; '' for any other. */
function picture(address: string): string {
  const to = target(address)
  return to?.kind === 'file' && !to.at.includes('/') ? to.at : ''
}

type Mark = { mark: string; opens: boolean; closes: boolean; count: number }
type Piece = Inline | { mark: Mark } | { bracket: boolean }

const isMark = (piece: Piece): piece is { mark: Mark } => typeof piece === 'object' && 'mark' in piece
const isBracket = (piece: Piece): piece is { bracket: boolean } => typeof piece === 'object' && 'bracket' in piece
const special = /[\\`*_~[\]!<\n]|https?:\/\//g

/** Reads what stands in a line or paragraph. */
export function inline(text: string, definitions: Definitions): Inline[] {
  return new Reader(text, definitions).read()
}

class Reader {
  #at = 0
  readonly #pieces: Piece[] = []
  readonly #brackets: { piece: number; at: number }[] = []
  readonly #text: string
  readonly #definitions: Definitions
  /** Runs of backticks by their length: where they begin. */
  readonly #ticks = new Map<number, number[]>()

  constructor(text: string, definitions: Definitions) {
    this.#text = text
    this.#definitions = definitions
    for (const run of text.matchAll(/`+/g)) {
      const same = this.#ticks.get(run[0].length)
      if (same) same.push(run.index)
      else this.#ticks.set(run[0].length, [run.index])
    }
  }

  read(): Inline[] {
    while (this.#at < this.#text.length) {
      special.lastIndex = this.#at
      const next = special.exec(this.#text)
      const until = next?.index ?? this.#text.length
      if (until > this.#at) this.#say(plain(this.#text.slice(this.#at, until)))
      this.#at = until
      if (next) this.#one(next[0])
    }
    return emphasised(this.#pieces)
  }

  #one(c: string): void {
    if (c === '\\') this.#escape()
    else if (c === '`') this.#code()
    else if (c === '*' || c === '_' || c === '~') this.#mark(c)
    else if (c === '[') this.#open(false, 1)
    else if (c === '!' && this.#text[this.#at + 1] === '[') this.#open(true, 2)
    else if (c === ']') this.#close()
    else if (c === '<') this.#angle()
    else if (c === '\n') this.#newline()
    else if (c.length > 1) this.#bare()
    else this.#skip(c)
  }

  #say(text: string): void {
    const last = this.#pieces.at(-1)
    if (typeof last === 'string') this.#pieces[this.#pieces.length - 1] = last + text
    else this.#pieces.push(text)
  }

  #skip(text: string, length = text.length): void {
    this.#say(text)
    this.#at += length
  }

  #escape(): void {
    const next = this.#text[this.#at + 1] ?? ''
    if (next === '\n') {
      this.#pieces.push({ kind: 'break' })
      this.#at += 2
    } else if (/[!-/:-@[-`{-~]/.test(next)) this.#skip(next, 2)
    else this.#skip('\\')
  }

  #code(): void {
    const run = /^`+/.exec(this.#text.slice(this.#at, this.#at + longest))?.[0] ?? '`'
    const from = this.#at + run.length
    const same = this.#ticks.get(run.length)
    while (same?.length && (same[0] ?? 0) < from) same.shift()
    const end = same?.[0]
    if (end === undefined) return this.#skip(run)
    const inside = this.#text.slice(from, end).replace(/\n/g, ' ')
    this.#pieces.push({ kind: 'code', text: /^ .*[^ ].* $/.test(inside) ? inside.slice(1, -1) : inside })
    this.#at = end + run.length
  }

  #mark(c: string): void {
    let end = this.#at
    while (this.#text[end] === c) end++
    const count = end - this.#at
    const [before, after] = [this.#text[this.#at - 1] ?? ' ', this.#text[end] ?? ' ']
    const [left, right] = [flanks(after, before), flanks(before, after)]
    const word = c === '_' // within words it is a part of names
    if (count > 6 || (c === '~' && count !== 2)) return this.#skip(c.repeat(count))
    const opens = left && (!word || !right || /[\p{P}\p{S}]/u.test(before))
    const closes = right && (!word || !left || /[\p{P}\p{S}]/u.test(after))
    this.#pieces.push({ mark: { mark: c, opens, closes, count } })
    this.#at = end
  }

  #open(image: boolean, length: number): void {
    if (this.#brackets.length >= deepest) return this.#skip(image ? '![' : '[')
    this.#brackets.push({ piece: this.#pieces.length, at: this.#at + length })
    this.#pieces.push({ bracket: image })
    this.#at += length
  }

  #close(): void {
    const open = this.#brackets.pop()
    const found = open && (this.#destination() ?? this.#defined(this.#text.slice(open.at, Math.min(this.#at, open.at + longest))))
    if (!open || !found) return this.#skip(']')
    const begun = this.#pieces[open.piece]
    const inside = emphasised(this.#pieces.splice(open.piece).slice(1))
    this.#at = found.end
    if (begun !== undefined && isBracket(begun) && begun.bracket) {
      const [alt, name] = [written(inside), picture(found.to)]
      this.#pieces.push(name === '' ? alt : { kind: 'picture', name, alt })
      return
    }
    const to = target(found.to)
    if (to && !inside.some(linked)) this.#pieces.push({ kind: 'link', to, title: found.title, children: inside })
    else this.#pieces.push(...inside)
  }

  /** What stands behind a bracket: (address "title"). */
  #destination(): { to: string; title: string; end: number } | undefined {
    if (this.#text[this.#at + 1] !== '(') return undefined
    const rest = this.#text.slice(this.#at + 2, this.#at + longest)
    const found = /^\s*(?:<([^<>\n]*)>|((?:[^\s()<>]|\([^\s()]*\))*))(?:\s+(?:"([^"]*)"|'([^']*)'))?\s*\)/.exec(rest)
    return found ? { to: unescaped(found[1] ?? found[2] ?? ''), title: plain(found[3] ?? found[4] ?? ''), end: this.#at + 2 + found[0].length } : undefined
  }

  /** What was defined for [text][name] or [name]. */
  #defined(text: string): { to: string; title: string; end: number } | undefined {
    const name = /^\[([^[\]]{0,200})\]/.exec(this.#text.slice(this.#at + 1, this.#at + 204))
    const found = this.#definitions.get(label(name?.[1] || text))
    return found ? { ...found, end: this.#at + 1 + (name?.[0].length ?? 0) } : undefined
  }

  #angle(): void {
    const rest = this.#text.slice(this.#at, this.#at + longest)
    const link = /^<((?:https?:\/\/|mailto:)[^\s<>]+|[^\s<>@:/]+@[^\s<>@:/]+)>/i.exec(rest)
    const line = /^<br\s*\/?>/i.exec(rest)
    const comment = /^<!--[^]*?-->/.exec(rest)
    if (link) this.#link(link[1] ?? '', link[0].length)
    else if (line) {
      this.#pieces.push({ kind: 'break' })
      this.#at += line[0].length
    } else if (comment) this.#at += comment[0].length
    else this.#skip('<')
  }

  #bare(): void {
    const found = /^https?:\/\/[^\s<>\u0000-\u001f]+/i.exec(this.#text.slice(this.#at, this.#at + longest))?.[0] ?? ''
    let address = found.replace(/[?!.,:*_~'"]+$/, '')
    if (address.endsWith(')') && !address.includes('(')) address = address.replace(/\)+$/, '')
    if (this.#brackets.length > 0 || !/:\/\/./.test(address)) this.#skip(/^https?:\/\//i.exec(found)?.[0] ?? 'h')
    else this.#link(address, address.length)
  }

  #link(address: string, length: number): void {
    const to = target(/^[^:/]+@/.test(address) ? `mailto:${address}` : address)
    const text = this.#text.slice(this.#at, this.#at + length)
    this.#pieces.push(to ? { kind: 'link', to, title: '', children: [address] } : text)
    this.#at += length
  }

  #newline(): void {
    const last = this.#pieces.at(-1)
    if (typeof last === 'string' && last.endsWith('  ')) {
      this.#pieces[this.#pieces.length - 1] = last.trimEnd()
      this.#pieces.push({ kind: 'break' })
      this.#at++
    } else this.#skip('\n')
  }
}

const flanks = (inner: string, outer: string): boolean => !/\s/u.test(inner) && (!/[\p{P}\p{S}]/u.test(inner) || /[\s\p{P}\p{S}]/u.test(outer))
const linked = (piece: Inline): boolean => typeof piece === 'object' && (piece.kind === 'link' || ('children' in piece && piece.children.some(linked)))
const unescaped = (text: string): string => text.replace(/\\([!-/:-@[-`{-~])/g, '$1')

/** A name of a definition, as they are compared. */
export const label = (name: string): string => name.trim().replace(/\s+/g, ' ').toLowerCase()

/** The words of inline things. */
export const written = (pieces: readonly Inline[]): string =>
  pieces.map(p => (typeof p === 'string' ? p : p.kind === 'code' ? p.text : p.kind === 'picture' ? p.alt : p.kind === 'break' ? ' ' : written(p.children))).join('')

/** Makes marks that belong together into emphasis; those that are left over are text. */
function emphasised(pieces: readonly Piece[]): Inline[] {
  const levels: { mark: Mark | undefined; left: number; out: Inline[] }[] = [{ mark: undefined, left: 0, out: [] }]
  const top = (): Inline[] => (levels.at(-1) as { out: Inline[] }).out
  const give = (one: Inline): void => {
    const out = top()
    const last = out.at(-1)
    if (typeof one === 'string' && typeof last === 'string') out[out.length - 1] = last + one
    else if (one !== '') out.push(one)
  }
  const unmark = (): void => {
    const gone = levels.pop()
    if (!gone?.mark) return
    give(gone.mark.mark.repeat(gone.left))
    gone.out.forEach(give)
  }
  for (const piece of pieces) {
    if (isBracket(piece)) give(piece.bracket ? '![' : '[')
    else if (!isMark(piece)) give(piece)
    else mark(piece.mark)
  }
  while (levels.length > 1) unmark()
  return top()

  function mark(m: Mark): void {
    let left = m.count
    while (m.closes && left > 0) {
      const at = levels.findLastIndex(l => l.mark?.mark === m.mark)
      if (at < 0) break
      while (levels.length - 1 > at) unmark()
      const level = levels.at(-1) as { mark: Mark; left: number; out: Inline[] }
      const used = Math.min(left, level.left) >= 2 ? 2 : 1
      const kind = m.mark === '~' ? 'struck' : used === 2 ? 'strong' : 'emphasis'
      left -= used
      level.left -= used
      const made: Inline = { kind, children: level.out }
      if (level.left === 0) levels.pop()
      else level.out = []
      if (level.left === 0) give(made)
      else level.out.push(made)
    }
    if (left > 0 && m.opens && levels.length < deepest) levels.push({ mark: m, left, out: [] })
    else if (left > 0) give(m.mark.repeat(left))
  }
}
