import { expect, test } from 'vitest'
import { personIn } from './person'
import { endOf } from './status'

const unix = (...at: [number, number, number, number?, number?]): number => new Date(...at).getTime() / 1000

test('when a message goes', () => {
  const sunday = new Date(2026, 10, 22, 14, 30)
  expect(endOf(null, sunday)).toBeNull()
  expect(endOf({ type: 'period', time: 900 }, sunday)).toBe(unix(2026, 10, 22, 14, 45))
  expect(endOf({ type: 'end-of', time: 'day' }, sunday)).toBe(unix(2026, 10, 23))
  expect(endOf({ type: 'end-of', time: 'week' }, sunday)).toBe(unix(2026, 10, 23))
  expect(endOf({ type: 'end-of', time: 'week' }, new Date(2026, 10, 23))).toBe(unix(2026, 10, 30))
})

test('what an account says of its owner', () => {
  const said = { id: 'olga', email: null, phone: '+46', phoneScope: 'v2-local', groups: ['a'], quota: { free: 1 }, enabled: true }
  expect(personIn(said, ['phone'])).toEqual({
    id: 'olga', values: { id: 'olga', email: '', phone: '+46', enabled: 'true' }, scopes: { phone: 'v2-local' }, editable: new Set(['phone']),
  })
})
