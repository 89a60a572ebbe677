import type { Block, Inline, Item, Side } from '../ui/written'
import { type Definitions, inline, label, written } from './inline'

/** How deep quotes and lists stand in each other; what is deeper is read as text. */
const deepest = 12
/** Cells of a row; what comes behind is left out. */
const mostCells = 200

const fence = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)/
const heading = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/
const rule = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/
const quote = /^ {0,3}> ?/
const item = /^( {0,3})([-+*]|\d{1,9}[.)])(?: +(.*)|)$/
const underline = /^ {0,3}(=+|-+)[ \t]*$/
const definition = /^ {0,3}\[([^[\]]{1,200})\]: +<?([^\s<>]{1,1000})>?(?: +(?:"([^"]*)"|'([^']*)'|\(([^()]*)\)))?[ \t]*$/
const sides = /^ {0,3}\|?(?: *:?-+:? *\|)* *:?-+:? *\|?[ \t]*$/

const blank = (line: string): boolean => line.trim() === ''
const begins = (line: string): boolean => fence.test(line) || heading.test(line) || rule.test(line) || quote.test(line) || item.test(line)

/**
 * Reads Markdown: headings, paragraphs, emphasis, code, links, pictures beside the text, quotes, lists with tasks, tables
 * and rules, as GitHub's dialect of CommonMark means them. HTML is text like any other; comments are left out.
 */
export function markdown(text: string): Block[] {
  const lines = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n').split('\n').map(untabbed)
  const { kept, definitions } = defined(lines)
  return new Reader(definitions).blocks(kept, 0)
}

/** Tabs at the beginning stand for as many blanks as reach the next fourth place. */
function untabbed(line: string): string {
  const indent = /^[ \t]*/.exec(line)?.[0] ?? ''
  if (!indent.includes('\t')) return line
  let width = 0
  for (const c of indent) width += c === '\t' ? 4 - (width % 4) : 1
  return ' '.repeat(width) + line.slice(indent.length)
}

/** Takes the definitions of links and the comments out. */
function defined(lines: readonly string[]): { kept: string[]; definitions: Definitions } {
  const definitions = new Map<string, { to: string; title: string }>()
  const kept: string[] = []
  let inside = ''
  let comment = false
  for (const line of lines) {
    const mark = fence.exec(line)?.[1]
    if (inside === '' && !comment && /^ {0,3}<!--/.test(line)) comment = true
    if (comment) {
      if (line.includes('-->')) comment = false
      continue
    }
    if (mark && inside === '') inside = mark
    else if (mark && mark[0] === inside[0] && mark.length >= inside.length) inside = ''
    const found = inside === '' ? definition.exec(line) : null
    if (!found) kept.push(line)
    else if (!definitions.has(label(found[1] ?? ''))) definitions.set(label(found[1] ?? ''), { to: found[2] ?? '', title: found[3] ?? found[4] ?? found[5] ?? '' })
  }
  return { kept, definitions }
}

class Reader {
  readonly #definitions: Definitions
  readonly #ids = new Map<string, number>()

  constructor(definitions: Definitions) {
    this.#definitions = definitions
  }

  blocks(lines: readonly string[], depth: number): Block[] {
    const out: Block[] = []
    let at = 0
    while (at < lines.length) {
      const [block, next] = this.#block(lines, at, depth)
      if (block) out.push(block)
      at = next
    }
    return out
  }

  /** The block that begins in a line, and the line behind it. */
  #block(lines: readonly string[], at: number, depth: number): [Block | undefined, number] {
    const line = lines[at] ?? ''
    if (blank(line)) return [undefined, at + 1]
    if (/^ {4}/.test(line)) return this.#indented(lines, at)
    if (fence.test(line)) return this.#fenced(lines, at)
    const title = heading.exec(line)
    if (title) return [this.#heading(title[1]?.length ?? 1, title[2] ?? ''), at + 1]
    if (rule.test(line)) return [{ kind: 'rule' }, at + 1]
    if (depth < deepest && quote.test(line)) return this.#quote(lines, at, depth)
    if (depth < deepest && item.test(line)) return this.#list(lines, at, depth)
    if (line.includes('|') && sides.test(lines[at + 1] ?? '')) {
      const table = this.#table(lines, at)
      if (table) return table
    }
    return this.#paragraph(lines, at)
  }

  #inline = (text: string): Inline[] => inline(text, this.#definitions)

  #heading(level: number, text: string): Block {
    const children = this.#inline(text.trim())
    const words = written(children).toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-')
    const before = this.#ids.get(words) ?? 0
    this.#ids.set(words, before + 1)
    return { kind: 'heading', level, id: before > 0 ? `${words}-${before}` : words, children }
  }

  #indented(lines: readonly string[], at: number): [Block, number] {
    let end = at
    while (end < lines.length && (/^ {4}/.test(lines[end] ?? '') || blank(lines[end] ?? ''))) end++
    const code = lines.slice(at, end).map(l => l.slice(4))
    return [{ kind: 'code', language: '', text: code.join('\n').trimEnd() }, end]
  }

  #fenced(lines: readonly string[], at: number): [Block, number] {
    const [, mark = '```', language = ''] = fence.exec(lines[at] ?? '') ?? []
    const indent = (lines[at] ?? '').search(/\S/)
    let end = at + 1
    const closes = (line: string): boolean => {
      const text = line.trim()
      return text.length >= mark.length && text === (mark[0] ?? '`').repeat(text.length)
    }
    while (end < lines.length && !closes(lines[end] ?? '')) end++
    const code = lines.slice(at + 1, end).map(l => l.slice(Math.min(indent, Math.max(0, l.search(/\S|$/)))))
    return [{ kind: 'code', language: /^[\w+#.-]{1,30}$/.test(language) ? language : '', text: code.join('\n') }, end + 1]
  }

  #quote(lines: readonly string[], at: number, depth: number): [Block, number] {
    let end = at
    while (end < lines.length && (quote.test(lines[end] ?? '') || (!blank(lines[end] ?? '') && !begins(lines[end] ?? '')))) end++
    return [{ kind: 'quote', blocks: this.blocks(lines.slice(at, end).map(l => l.replace(quote, '')), depth + 1) }, end]
  }

  #list(lines: readonly string[], from: number, depth: number): [Block, number] {
    const sort = sortOf(lines[from] ?? '')
    const items: Item[] = []
    let at = from
    while (at < lines.length && sortOf(lines[at] ?? '') === sort && !rule.test(lines[at] ?? '')) {
      const [inside, end] = within(lines, at)
      const task = /^\[([ xX])\] +/.exec(inside[0] ?? '')
      if (task) inside[0] = (inside[0] ?? '').slice(task[0].length)
      items.push({ blocks: this.blocks(inside, depth + 1), done: task ? task[1] !== ' ' : undefined })
      at = end
    }
    const number = /^ *(\d+)/.exec(lines[from] ?? '')?.[1]
    return [{ kind: 'list', first: number === undefined ? null : Number(number), items }, at]
  }

  #table(lines: readonly string[], at: number): [Block, number] | undefined {
    const [head, under] = [cells(lines[at] ?? ''), cells(lines[at + 1] ?? '')]
    if (head.length !== under.length) return undefined
    let end = at + 2
    while (end < lines.length && !blank(lines[end] ?? '') && !begins(lines[end] ?? '')) end++
    const row = (line: string): Inline[][] => {
      const found = cells(line)
      return head.map((_, i) => this.#inline(found[i] ?? ''))
    }
    return [{ kind: 'table', sides: under.map(side), head: head.map(this.#inline), rows: lines.slice(at + 2, end).map(row) }, end]
  }

  #paragraph(lines: readonly string[], at: number): [Block, number] {
    let end = at + 1
    while (end < lines.length) {
      const line = lines[end] ?? ''
      const under = underline.exec(line)
      if (under) return [this.#heading(under[1]?.startsWith('=') ? 1 : 2, lines.slice(at, end).map(l => l.trim()).join('\n')), end + 1]
      const number = /^ {0,3}(\d+)[.)]/.exec(line)
      if (blank(line) || (begins(line) && (!number || number[1] === '1'))) break
      end++
    }
    const text = lines.slice(at, end).map((l, i) => (i === end - at - 1 ? l.trim() : l.trimStart())).join('\n')
    return [{ kind: 'paragraph', children: this.#inline(text) }, end]
  }
}

/** What sort of list an item belongs to: its bullet, or what stands behind its number; '' for none. */
function sortOf(line: string): string {
  return item.exec(line)?.[2]?.slice(-1) ?? ''
}

/** The lines of an item without its mark and indent, and the line behind it. */
function within(lines: readonly string[], at: number): [string[], number] {
  const [, before = '', mark = '', text = ''] = item.exec(lines[at] ?? '') ?? []
  const gap = /^ +/.exec((lines[at] ?? '').slice(before.length + mark.length))?.[0].length ?? 1
  const indent = before.length + mark.length + (gap > 4 ? 1 : gap)
  const inside = [text]
  let end = at + 1
  let empty = false
  for (; end < lines.length; end++) {
    const line = lines[end] ?? ''
    const own = line.search(/\S|$/) >= indent
    if (blank(line)) inside.push('')
    else if (own) inside.push(line.slice(indent))
    else if (!empty && !begins(line)) inside.push(line.trimStart()) // goes on lazily
    else break
    empty = blank(line)
  }
  return [inside, end]
}

function side(cell: string): Side {
  const [start, end] = [cell.startsWith(':'), cell.endsWith(':')]
  if (start && end) return 'center'
  return end ? 'end' : start ? 'start' : ''
}

/** The cells of a row of a table; \| is no border. */
function cells(line: string): string[] {
  const out: string[] = []
  let cell = ''
  const text = line.trim()
  for (let i = text.startsWith('|') ? 1 : 0; i < text.length && out.length < mostCells; i++) {
    const c = text[i] ?? ''
    if (c === '\\' && text[i + 1] === '|') cell += text[++i] ?? ''
    else if (c !== '|') cell += c
    else {
      out.push(cell.trim())
      cell = ''
    }
  }
  return cell.trim() === '' && text.endsWith('|') ? out : [...out, cell.trim()].slice(0, mostCells)
}
