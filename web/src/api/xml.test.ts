import { expect, test } from 'vitest'
import { XmlReader } from './xml'

/** Reads pieces and writes down what was told. */
function told(...pieces: string[]): string[] {
  const log: string[] = []
  const reader = new XmlReader({
    open: name => log.push(`<${name}`),
    text: text => {
      if (log.at(-1)?.startsWith('"')) log.push(log.pop() + text)
      else log.push(`"${text}`)
    },
    close: name => log.push(`>${name}`),
  })
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return log
}

const sample = `<?xml version="1.0"?>\n<!-- > --><d:a xmlns:d="DAV:" x='1>"2'><d:b>1 &lt; 2 &amp; &#65;&#x1F600;&nix;</d:b>`
  + `<c xmlns="urn:c"><d xmlns:d="other" d:y=""/><![CDATA[<not> &amp; markup]]></c ></d:a>\n`

test('names are resolved, references and CDATA are text', () => {
  expect(told(sample)).toEqual([
    '<{DAV:}a', '<{DAV:}b', '"1 < 2 & A😀&nix;', '>{DAV:}b', '<{urn:c}c', '<{urn:c}d', '>{urn:c}d', '"<not> &amp; markup', '>{urn:c}c', '>{DAV:}a',
  ])
})

test('it does not matter where the pieces are cut', () => {
  const whole = told(sample)
  for (let i = 0; i <= sample.length; i++) expect(told(sample.slice(0, i), sample.slice(i))).toEqual(whole)
  expect(told(...sample)).toEqual(whole)
})

test.each([
  ['nothing', ''],
  ['an open element', '<a><b></b>'],
  ['an open tag', '<a'],
  ['crossed elements', '<a><b></a></b>'],
  ['two roots', '<a/><b/>'],
  ['text after the root', '<a/>x'],
  ['text before the root', 'x<a/>'],
  ['CDATA before the root', '<![CDATA[x]]><a/>'],
  ['an undeclared prefix', '<d:a/>'],
  ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a/>'],
  ['a name that is missing', '<><a/></>'],
  ['elements without end', '<a>'.repeat(101) + '</a>'.repeat(101)],
])('%s is refused', (_, text) => {
  expect(() => told(text)).toThrow(SyntaxError)
})

test('text without end is not kept for ever', () => {
  expect(() => told('<a>', ...Array.from({ length: 40 }, () => '<'.padEnd(32 * 1024, 'x')))).toThrow(/endless/)
})

/** A small generator of pseudorandom numbers, so that a failure can be repeated. */
function dice(seed: number): (n: number) => number {
  let state = seed
  return n => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

test('nonsense throws a SyntaxError or nothing, never anything else', () => {
  const bits = ['<', '>', '/', '!', '?', '"', "'", '&', ';', '[', ']', '-', 'a', ':', '=', ' ', 'xmlns', '<a>', '</a>', '<![CDATA[', ']]>', '<!--', '-->', '\u0000', '😀', '#']
  for (let seed = 0; seed < 3000; seed++) {
    const roll = dice(seed)
    const text = Array.from({ length: roll(30) }, () => bits[roll(bits.length)] ?? '')
    try {
      told(...text)
    } catch (error) {
      expect(error, text.join('')).toBeInstanceOf(SyntaxError)
    }
  }
})
