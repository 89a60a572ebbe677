import { expect, test } from 'vitest'
import { area, nearest, path, roundTop, stretches } from './chart'

const frame = { from: 0, to: 100, top: 10 }

test('a line goes through its points', () => {
  expect(path([0, 50, 100], [0, 5, 20], 50, frame)).toBe('M0 200L500 100L1000 0')
  expect(area([0, 50], [0, 5], 50, frame)).toBe('M0 200L500 100L500 200L0 200Z')
  expect(path([], [], 50, frame)).toBe('')
})

test('a hole stays open, and who stands alone is seen', () => {
  expect(stretches([0, 10, 20, 60, 90, 100], 10)).toEqual([[0, 3], [3, 4], [4, 6]])
  expect(path([0, 60], [10, 10], 10, frame)).toBe('M0 0h.1M600 0h.1')
  expect(area([0, 60], [10, 10], 10, frame)).toBe('')
})

test('the top is a round number', () => {
  expect([0, 1, 1.2, 7, 11, 99, 101, 999, 1001, 1200].map(n => roundTop(n))).toEqual([1, 1, 1.5, 8, 12, 100, 150, 1000, 1500, 1500])
  expect([500, 1500, 3 * 1024 ** 3, 1010 * 1024].map(n => roundTop(n, 1024))).toEqual([500, 1536, 3 * 1024 ** 3, 1024 ** 2])
})

test('the nearest point is found', () => {
  expect([-5, 4, 6, 99].map(time => nearest([0, 10, 20], time))).toEqual([0, 0, 1, 2])
  expect(nearest([], 5)).toBe(-1)
})
