import { expect, test } from 'vitest'
import { administers, holds, leads } from './power'

test('who may do what', () => {
  const some = { administration: { admin: false, groups: true, rights: ['audit'] } }
  const all = { administration: { admin: true, groups: false, rights: [] } }
  expect([some, all, {}].map(administers)).toEqual([false, true, false])
  expect([some, all, {}].map(leads)).toEqual([true, false, false])
  expect([some, all, {}].map(caps => holds(caps, 'audit'))).toEqual([true, true, false])
  expect(holds(some, 'users')).toBe(false)
})
