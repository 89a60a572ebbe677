import { expect, test, vi } from 'vitest'
import { kinds } from '../../api/shares'
import { rightsFor, roleOf, rolesFor } from './roles'
import { endOf } from './sharing'

vi.mock('../../kit/look', () => ({ look: { role: 'view', expiry: 'never' } }))

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

test('a new share ends when its owner has chosen, unless the server has a rule', () => {
  const now = new Date(2031, 0, 30, 23, 50)
  const ruled = { files_sharing: { public: { expire_date: { enabled: true }, expire_date_internal: { enabled: false } } } }
  expect(endOf(kinds.link, '7', {}, now)).toEqual({ expireDate: '2031-02-06' })
  expect(endOf(kinds.person, '365', ruled, now)).toEqual({ expireDate: '2032-01-30' })
  expect([endOf(kinds.link, '7', ruled, now), endOf(kinds.mail, '7', ruled, now), endOf(kinds.person, 'never', {}, now)]).toEqual([{}, {}, {}])
})
