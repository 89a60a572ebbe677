/**
 * Messages as ICU writes them, the part of it that is used here: {name}, {n, number}, {x, select, a {…} other {…}} and
 * {n, plural, =0 {…} one {…} other {…}} with # for the number. An apostrophe before a brace or # makes plain text of all
 * up to the next one.
 */
export type Piece =
  | string
  | { kind: 'count' }
  | Filled

/** A piece that something is filled into. */
export type Filled =
  | { kind: 'value'; name: string }
  | { kind: 'number'; name: string }
  | { kind: 'plural'; name: string; cases: Cases }
  | { kind: 'select'; name: string; cases: Cases }

type Cases = ReadonlyMap<string, readonly Piece[]>

/** Reads a message. What is not one is thrown as an Error that says where. */
export function parse(text: string): readonly Piece[] {
  let at = 0

  function wrong(what: string): Error {
    return new Error(`${what} at ${at} of '${text}'`)
  }

  function pieces(inside: 'message' | 'case' | 'plural'): Piece[] {
    const out: Piece[] = []
    let plain = ''
    while (at < text.length) {
      const c = text[at] ?? ''
      if (c === '}' && inside !== 'message') break
      if (c === "'" && '{}#'.includes(text[at + 1] ?? ' ')) {
        const end = text.indexOf("'", at + 1)
        if (end < 0) throw wrong('an apostrophe that is not closed')
        plain += text.slice(at + 1, end)
        at = end + 1
      } else if (c === '{' || (c === '#' && inside === 'plural')) {
        if (plain !== '') out.push(plain)
        plain = ''
        at++
        out.push(c === '{' ? argument(inside) : { kind: 'count' })
      } else if (c === '}') {
        throw wrong('a brace too many')
      } else {
        plain += c
        at++
      }
    }
    if (plain !== '') out.push(plain)
    return out
  }

  function argument(inside: 'message' | 'case' | 'plural'): Piece {
    const name = word()
    if (took('}')) return { kind: 'value', name }
    need(',')
    const kind = word()
    if (kind === 'number') {
      need('}')
      return { kind, name }
    }
    if (kind !== 'plural' && kind !== 'select') throw wrong(`no such thing as ${kind}`)
    need(',')
    const cases = new Map<string, readonly Piece[]>()
    while (!took('}')) {
      const which = word()
      need('{')
      cases.set(which, pieces(kind === 'plural' || inside === 'plural' ? 'plural' : 'case'))
      need('}')
    }
    if (!cases.has('other')) throw wrong(`no case for what is other of ${name}`)
    return { kind, name, cases }
  }

  function blank(): void {
    while (/\s/.test(text[at] ?? '')) at++
  }

  function word(): string {
    blank()
    const found = /^[=\w]+/.exec(text.slice(at))?.[0]
    if (!found) throw wrong('a name is missing')
    at += found.length
    return found
  }

  function took(c: string): boolean {
    blank()
    if (text[at] !== c) return false
    at++
    return true
  }

  function need(c: string): void {
    if (!took(c)) throw wrong(`no ${c}`)
  }

  return pieces('message')
}
