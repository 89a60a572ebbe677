import { expect, test } from 'vitest'
import { guessed, justified, shape } from './justified'
import { monthOf, monthsOf, span } from './months'

test('rows fill the width, but for the last', () => {
  const { rows, height } = justified([1.5, 1.5, 1.5, 1, 0.5], 1000, 200, 10)
  expect(rows.map(r => [r.first, r.widths.length])).toEqual([[0, 4], [4, 1]])
  expect((rows[0]?.widths.reduce((a, b) => a + b, 0) ?? 0) + 30).toBeCloseTo(1000)
  expect([rows[1]?.height, rows[1]?.widths]).toEqual([200, [100]])
  expect(height).toBeCloseTo((rows[0]?.height ?? 0) + 10 + 200)
  expect(justified([], 1000, 200, 10)).toEqual({ rows: [], height: 0 })
  expect(justified([2.8], 320, 200, 4).rows[0]?.widths[0]).toBeCloseTo(320) // never wider than the page
})

test('shapes and guesses', () => {
  expect([shape(400, 300), shape(0, 0), shape(1, 100), shape(9000, 10)]).toEqual([4 / 3, 4 / 3, 0.5, 2.8])
  expect([guessed(0, 1000, 150, 4), guessed(1, 1000, 150, 4), guessed(11, 1000, 150, 4)]).toEqual([0, 150, 458])
})

test('days make months', () => {
  expect(monthsOf([{ day: '2026-02-03', count: 2 }, { day: '2026-02-01', count: 1 }, { day: '2025-12-31', count: 5 }])).toEqual([{ key: '2026-02', count: 3 }, { key: '2025-12', count: 5 }])
  expect(span('2025-12')).toEqual([Date.UTC(2025, 11, 1), Date.UTC(2026, 0, 1)])
  expect(monthOf(Date.UTC(2026, 0, 31, 23, 59))).toBe('2026-01')
})
