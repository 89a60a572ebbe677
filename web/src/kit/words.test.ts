import { afterEach, expect, test } from 'vitest'
import { parse } from './message'
import { language, speak, t } from './words'

afterEach(() => speak('en', {}))

test('a text is its own key, and is filled in', () => {
  expect(t('Deleted {name}.', { name: '{n}' })).toBe('Deleted {n}.')
  expect(t('{n, plural, =0 {nothing} one {# file} other {# files}} of {all, number}', { n: 1234, all: 5000 })).toBe('1,234 files of 5,000')
  expect([0, 1, 2].map(n => t('{n, plural, =0 {nothing} one {# file} other {# files}}', { n }))).toEqual(['nothing', '1 file', '2 files'])
  expect(t("'{' and '#' and it's", {})).toBe("{ and # and it's")
  expect(t('{who, select, me {You} other {{who}}} left.', { who: 'me' })).toBe('You left.')
  expect(t('{who, select, me {You} other {{who}}} left.', { who: 'Ada' })).toBe('Ada left.')
})

test('another language has its own words, plurals and numbers', () => {
  speak('ar', { '{n, plural, one {# file} other {# files}}': '{n, plural, zero {z} one {o} two {t} few {f} many {m} other {x}}' })
  expect(language()).toBe('ar')
  expect([0, 1, 2, 3, 11, 100].map(n => t('{n, plural, one {# file} other {# files}}', { n })).join('')).toBe('zotfmx')
  speak('de', { '{n, number} left': 'noch {n, number}' })
  expect(t('{n, number} left', { n: 12345 })).toBe('noch 12.345')
  expect(t('not translated')).toBe('not translated')
})

test('what is no message says where', () => {
  for (const wrong of ['{', '{n', 'a } b', '{n, plural}', '{n, plural, one {x}}', '{n, date}', '{n, plural, other {x}', '{}', "a '{n}"]) {
    expect(() => parse(wrong), wrong).toThrow(/ at \d+ of /)
  }
})
