import { expect, test } from 'vitest'
import { compared } from './diff'

const told = (before: string, now: string): string[] =>
  compared(before, now).map(line => (line.kind === 'skipped' ? `… ${line.lines}` : `${{ same: ' ', gone: '-', new: '+' }[line.kind]}${line.text}`))

test('lines that went and came are told, with some around them', () => {
  expect(told('a\nb\nc\n', 'a\nB\nc\n')).toEqual([' a', '-b', '+B', ' c'])
  expect(told('one\ntwo\nthree', 'zero\none\nthree\nfour')).toEqual(['+zero', ' one', '-two', ' three', '+four'])
  const long = Array.from({ length: 20 }, (_, i) => `line ${i}`)
  expect(told(long.join('\n'), long.with(10, 'other').join('\r\n'))).toEqual(['… 7', ' line 7', ' line 8', ' line 9', '-line 10', '+other', ' line 11', ' line 12', ' line 13', '… 6'])
})

test('equal texts, empty ones and very long ones', () => {
  expect(told('a\nb', 'a\nb\n')).toEqual(['… 2'])
  expect(told('', 'a')).toEqual(['-', '+a'])
  const many = (word: string): string => Array.from({ length: 3000 }, (_, i) => `${word} ${i}`).join('\n')
  expect(compared(many('a'), many('b'))).toHaveLength(6000)
})
