import { expect, test } from 'vitest'
import { dayOf, lineOf } from './audit'

test('a day begins and ends where the reader is', () => {
  expect(dayOf('2026-11-22', 0)).toBe(new Date(2026, 10, 22).toISOString())
  expect(dayOf('2026-12-31', 1)).toBe(new Date(2027, 0, 1).toISOString())
  expect([dayOf('', 0), dayOf('soon', 1)]).toEqual(['', ''])
})

test('an entry is one line, whatever it holds', () => {
  expect(lineOf({ id: 1, at: '2026-11-22T08:00:00Z', user: 'olga', what: 'password-set', detail: 'two\nlines\tand tabs', by: '', address: '192.0.2.1', program: 'curl/8' }))
    .toBe('2026-11-22T08:00:00Z\tpassword-set\tolga\ttwo lines and tabs\t-\t192.0.2.1\tcurl/8')
})
