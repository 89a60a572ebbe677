import { expect, test } from 'vitest'
import { fieldTime, moments } from './reminders'

test('moments lie ahead', () => {
  const noon = new Date(2026, 2, 4, 12) // a Wednesday
  expect(moments(noon).map(m => `${m.id} ${fieldTime(m.at)}`)).toEqual(['today 2026-03-04T18:00', 'tomorrow 2026-03-05T08:00', 'week 2026-03-09T08:00'])
  expect(moments(new Date(2026, 2, 4, 17, 30)).map(m => m.id)).toEqual(['tomorrow', 'week'])
  expect(fieldTime(moments(new Date(2026, 2, 9, 9)).at(-1)?.at ?? 0)).toBe('2026-03-16T08:00') // on a Monday the next one
})
