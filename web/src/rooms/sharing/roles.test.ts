import { expect, test } from 'vitest'
import { kinds } from '../../api/shares'
import { rightsFor, roleOf, rolesFor } from './roles'

test('each role is found again by its rights', () => {
  for (const kind of Object.values(kinds)) {
    for (const folder of [true, false]) {
      for (const role of rolesFor(kind, folder)) expect(roleOf(role.may, kind, folder)).toBe(role.id)
    }
  }
})

test('what no role says was put together', () => {
  expect(roleOf(7, kinds.person, true)).toBe('own')
  expect(roleOf(17, kinds.person, true)).toBe('view')
  expect(roleOf(17, kinds.link, true)).toBe('view')
  expect(rightsFor(kinds.link, true).map(r => r.bit)).toEqual([1, 4, 2, 8])
  expect(rightsFor(kinds.person, false).map(r => r.bit)).toEqual([1, 2, 16])
})
