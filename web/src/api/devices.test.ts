import { expect, test } from 'vitest'
import { deviceOf } from './devices'

test('a device that says everything, and one of a server that says little', () => {
  expect(deviceOf({
    id: 7, name: 'Mozilla/5.0 …', label: 'Firefox on Linux', form: 'browser', lastActivity: 1_800_000_000, type: 0, current: true, network: '192.0.2.0/24', created: 1_700_000_000,
    expires: 1_900_000_000, half: false, waiting: true, scope: { filesystem: true, verbs: ['read'], folders: [{ id: 3, path: '/a' }] } as object,
  })).toEqual({
    id: 7, name: 'Mozilla/5.0 …', label: 'Firefox on Linux', form: 'browser', kind: 'session', current: true, half: false, waiting: true, network: '192.0.2.0/24',
    limits: { verbs: ['read'], folders: [{ id: 3, path: '/a' }] }, used: 1_800_000_000_000, created: 1_700_000_000_000, expires: 1_900_000_000_000,
  })
  expect(deviceOf({ id: 7, name: 'laptop', lastActivity: 1, type: 1, scope: {} })).toMatchObject({ label: 'laptop', form: 'program', kind: 'app', expires: 0, network: '', limits: {} })
})
