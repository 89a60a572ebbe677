import { expect, test } from 'vitest'
import { tellingOf } from './notifying'

test('what people are told of, as the server says it', () => {
  const raw = { types: [{ type: 'shared', stream: true, email: false }], notify_setting_batchtime: 3, notify_setting_selfemail: true, feed: false }
  expect(tellingOf(raw)).toEqual({ kinds: [{ id: 'shared', stream: true, mail: false }], rhythm: 'soon', own: true, feed: false })
  expect(tellingOf({ ...raw, notify_setting_batchtime: 9 }).rhythm).toBe('hourly')
})
