import { expect, test } from 'vitest'
import { ApiError } from '../api/http'
import { confirming } from './confirm'
import { notices } from './notices'
import { useTask } from './task'

const refused = (): Promise<never> => Promise.reject(new ApiError(403, 'Password confirmation is required'))

test('one thing is done at a time', async () => {
  const { busy, run } = useTask()
  let end = (): void => undefined
  const first = run(() => new Promise<void>(resolve => (end = resolve)))
  expect(busy.value).toBe(true)
  expect(await run(() => Promise.resolve())).toBe(false)
  end()
  expect([await first, busy.value]).toEqual([true, false])
})

test('why it went wrong is kept or told, until the next time', async () => {
  const { busy, why, run, attempt } = useTask()
  const broken = (): Promise<never> => Promise.reject(new ApiError(409, 'It is locked.'))
  expect([await run(broken), why.value, busy.value]).toEqual([false, 'It is locked.', false])
  expect(await attempt('It stays.', broken)).toBe(false)
  expect([why.value, notices.value.at(-1)?.text]).toEqual(['', 'It stays. It is locked.'])
})

test('who does not confirm is told nothing, and who does has it done', async () => {
  const { why, run, attempt } = useTask()
  const told = notices.value.length
  const gaveUp = attempt('It stays.', refused)
  await expect.poll(() => confirming.value).toBeDefined()
  confirming.value?.answer(false)
  expect([await gaveUp, why.value, notices.value.length]).toEqual([false, '', told])
  let asked = 0
  const agreed = run(() => (asked++ === 0 ? refused() : Promise.resolve()))
  await expect.poll(() => confirming.value).toBeDefined()
  confirming.value?.answer(true)
  expect(await agreed).toBe(true)
})
