import { expect, test } from 'vitest'
import { most, reveal, slice } from './virtual'

test('only what is in sight is drawn', () => {
  expect(slice(0, 480, 48, 10_000)).toEqual({ first: 0, end: 19 })
  expect(slice(48_000, 480, 48, 10_000)).toEqual({ first: 992, end: 1019 })
  expect(slice(1e9, 480, 48, 10_000)).toEqual({ first: 9999, end: 10_000 })
  expect(slice(0, 480, 48, 3)).toEqual({ first: 0, end: 3 })
  expect(slice(0, 480, 48, 0)).toEqual({ first: 0, end: 0 })
})

test('on the way always as many are drawn, so that none is made anew', () => {
  const many = Array.from({ length: 100 }, (_, i) => slice(48_000 + i * 7, 500, 48, 10_000)).map(s => s.end - s.first)
  expect(new Set(many)).toEqual(new Set([most(500, 48)]))
})

test('revealing scrolls as little as possible', () => {
  expect([reveal(5, 0, 480, 48), reveal(10, 0, 480, 48), reveal(2, 480, 480, 48)]).toEqual([0, 48, 96])
})
