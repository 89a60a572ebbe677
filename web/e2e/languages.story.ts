import { afterAll, expect, test } from 'vitest'
import { browser, ready, signIn, user } from './browser'
import { ocs } from './server'

const b = browser()
const speaks = (language: string) => ocs('PUT', `/cloud/users/${user}`, { key: 'language', value: language })

afterAll(() => speaks('en'))

test('the page is in the language of the account', async () => {
  const page = await b.page()
  await signIn(page)
  const document = page.locator('html')
  expect([await document.getAttribute('lang'), await document.getAttribute('dir')]).toEqual(['en', 'ltr'])
  await speaks('de_AT')
  await page.reload()
  await ready(page)
  expect(await document.getAttribute('lang')).toBe('de')
  await speaks('cy') // of which there is none
  await page.reload()
  await ready(page)
  expect(await document.getAttribute('lang')).toBe('en')
})
