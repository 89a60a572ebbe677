import { parse, type Filled, type Piece } from './message'

/** Texts of another language by the English ones, as internal/base/tongue/languages/<language>/web.json holds them. */
export type Catalogue = Readonly<Record<string, string>>

/** What stands in a text: {name} in words, {n, plural, …} and {n, number} as numbers. */
export type Fillings = Readonly<Record<string, string | number>>

interface Spoken {
  language: string
  locale: string
  catalogue: Catalogue
  plural: Intl.PluralRules
  number: Intl.NumberFormat
  /** What keeps a name in its own direction within a text that runs the other way (Unicode's FSI and PDI). */
  isolated: (value: string) => string
}

/** Languages written from right to left. */
const leftward = /^(ar|fa|he|ur)\b/

let spoken = speaking('en', {})
const parsed = new Map<string, readonly Piece[]>()

function speaking(language: string, catalogue: Catalogue): Spoken {
  const locale = language === 'en' ? 'en-GB' : language
  const isolated = leftward.test(language) ? (value: string) => `\u2068${value}\u2069` : (value: string) => value
  return { language, locale, catalogue, plural: new Intl.PluralRules(locale), number: new Intl.NumberFormat(locale), isolated }
}

/** The language of the page, as BCP 47 writes it: 'en', 'de'. */
export const language = (): string => spoken.language

/** What numbers and dates are written by: as the page speaks a language, so they follow it, whatever the browser's. */
export const locale = (): string => spoken.locale

/** Has the page speak a language. It is called once, before anything is shown. */
export function speak(name: string, catalogue: Catalogue): void {
  spoken = speaking(name, catalogue)
  parsed.clear()
}

/**
 * A text in the language of the page. The English one is its own key; it is written out where it is used, never put
 * together, so that it can be found: t('Delete'), t('Deleted {name}.', { name }),
 * t('{n, plural, one {# file} other {# files}}', { n }). The syntax is that of ICU messages (see ./message).
 */
export function t(english: string, fillings: Fillings = {}): string {
  let pieces = parsed.get(english)
  if (!pieces) {
    pieces = parse(spoken.catalogue[english] ?? english)
    parsed.set(english, pieces)
  }
  return say(pieces, fillings)
}

/** A text of the api floor in the language of the page, if its catalogue has it. What the server says is in it already. */
export const known = (english: string): string => spoken.catalogue[english] ?? english

function say(pieces: readonly Piece[], fillings: Fillings, counted?: number): string {
  let out = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') out += piece
    else if (piece.kind === 'count') out += spoken.number.format(counted ?? 0)
    else out += fill(piece, fillings)
  }
  return out
}

function fill(piece: Filled, fillings: Fillings): string {
  const value = fillings[piece.name] ?? ''
  if (piece.kind === 'value') return typeof value === 'string' && value !== '' && !value.includes('://') ? spoken.isolated(value) : String(value)
  if (piece.kind === 'number') return spoken.number.format(Number(value))
  const chosen = piece.kind === 'plural' ? plural(piece.cases, Number(value)) : piece.cases.get(String(value))
  return say(chosen ?? piece.cases.get('other') ?? [], fillings, Number(value))
}

function plural(cases: ReadonlyMap<string, readonly Piece[]>, n: number): readonly Piece[] | undefined {
  return cases.get(`=${n}`) ?? cases.get(spoken.plural.select(n))
}
