import { expect, test } from 'vitest'
import { dateOf, endOf, limitWords } from './words'

test('limits in words', () => {
  expect(limitWords({})).toEqual([])
  expect(limitWords({ rooms: ['files', 'deck'], verbs: ['read'], folders: [{ id: 1, path: '/a b' }, { id: 2 }] })).toEqual(['only: Files, deck', 'read only', '/a b', 'a folder that is gone'])
  expect(limitWords({ but: ['files'], verbs: ['read', 'write'] })).toEqual(['not: Files', 'no sharing'])
  expect(limitWords({ verbs: ['read', 'share'] })).toEqual(['no writing'])
})

test('an end is the end of its day', () => {
  expect(endOf('')).toBe(0)
  expect(dateOf(0)).toBe('')
  expect(dateOf(endOf('2027-02-28') * 1000)).toBe('2027-02-28')
})
