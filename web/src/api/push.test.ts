import { expect, test } from 'vitest'
import { newsIn } from './push'

test('messages are understood, and others let pass', () => {
  expect(['notify_file', 'notify_file_id [1,2]', 'notify_activity', 'notify_notification', 'talk_call {}', ''].map(newsIn)).toEqual([
    'files', 'files', 'activities', 'notifications', undefined, undefined,
  ])
})
