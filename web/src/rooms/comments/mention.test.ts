import { expect, test } from 'vitest'
import { begunAt, completed } from './mention'

test('a mention that is begun is found and completed', () => {
  expect(begunAt('Look, @an', 9)).toEqual({ letters: 'an', at: 6 })
  expect(begunAt('@"mill', 6)).toEqual({ letters: 'mill', at: 0 })
  expect([begunAt('ann@example', 11), begunAt('@', 1), begunAt('@ann ', 5), begunAt('', 0)]).toEqual([undefined, undefined, undefined, undefined])
  expect(completed('Look, @an at this', 9, { letters: 'an', at: 6 }, 'ann')).toEqual({ text: 'Look, @ann at this', caret: 11 })
  expect(completed('@bo', 3, { letters: 'bo', at: 0 }, 'bob miller')).toEqual({ text: '@"bob miller" ', caret: 14 })
})
