import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { base, browser, desktop, signIn } from './browser'
import { type App, externalApp } from './external'
import hostile from './hostile.json'
import { ocs } from './server'

const b = browser()
let page: Page
let app: App
let secret = ''
const root = '/apps/app_api/api/v1/admin/apps'
const id = 'tally'
const heading = (name: string) => page.getByRole('heading', { level: 1, name })
const region = (name: string) => page.getByRole('region', { name, exact: true })
const state = () => app.call(secret, 'GET', '/ex-app/state')
const detail = () => ocs<{ enabled: boolean; scopes: string[]; formerUntil: number }>('GET', `${root}/${id}`)

beforeAll(async () => {
  app = await externalApp(id)
  page = await b.page(desktop)
  await signIn(page)
})
afterAll(async () => {
  for (const a of (await ocs<{ apps: { id: string }[] }>('GET', root)).apps) await ocs('DELETE', `${root}/${a.id}`)
  await app.close()
})

test('an app that runs is registered by the JSON of its author', async () => {
  await page.goto(`${base}/settings/admin/apps`)
  await page.getByRole('heading', { name: 'There is no external app yet' }).waitFor()
  await page.getByRole('button', { name: 'Register an app' }).click()
  const paste = page.getByLabel('What the author gives (JSON)')
  await expect.poll(() => paste.evaluate(e => e === document.activeElement)).toBe(true)
  await page.keyboard.type('nonsense')
  await page.getByRole('button', { name: 'Take it over' }).click()
  await page.getByText('This is no JSON object.').waitFor()
  const routes = [{ url: '^api/.*$', verb: 'GET', access_level: 'USER' }]
  await paste.fill(JSON.stringify({ id, name: 'Tally', version: '1.2.0', port: app.port, daemon_config_name: 'by_hand', scopes: ['FILES', 'NOTIFICATIONS'], routes }))
  await page.getByRole('button', { name: 'Take it over' }).click()
  await expect.poll(() => page.getByLabel('Id', { exact: true }).inputValue()).toBe(id)
  expect([await page.getByLabel('Its name').inputValue(), await page.getByLabel('Port').inputValue()]).toEqual(['by_hand', String(app.port)])
  await page.getByRole('checkbox', { name: 'Shares FILES_SHARING' }).check()
  await page.getByText(`atrium app_api:app:register ${id} by_hand --json-info `).waitFor()
  await looked(page, 'admin-apps-new')
  await page.getByRole('button', { name: 'Register the app' }).click()
  await heading('Tally').waitFor()
  secret = (await page.getByRole('status').getByText(/^[A-Za-z0-9]{128}$/).textContent()) ?? ''
  await page.getByText(`APP_SECRET=${secret}`).waitFor()
  await region('State').getByText('Enabled', { exact: true }).waitFor()
  expect(app.enabled()).toBe('1')
  expect((await detail()).scopes).toEqual(['FILES', 'NOTIFICATIONS', 'FILES_SHARING'])
})

test('its page tells what it said and what was refused', async () => {
  expect(await state()).toBe(200)
  expect(await app.call(secret, 'POST', '/api/v1/log', { level: 2, message: 'The disk is nearly full. <b>Hurry!</b>' })).toBe(200)
  for (const name of hostile.slice(0, 8)) await app.call(secret, 'POST', '/api/v1/log', { level: 1, message: name })
  expect(await app.call(secret, 'GET', '/api/v1/users')).toBe(403)
  expect(await app.call(secret, 'GET', '/api/v1/users')).toBe(403)
  expect(await app.call('somebody else has no idea', 'GET', '/ex-app/state')).toBe(401)
  await page.reload()
  await region('What it said last').getByText('The disk is nearly full. <b>Hurry!</b>').waitFor()
  const refused = region('Refused requests')
  await refused.getByText('No scope of the app opens this').waitFor()
  await refused.getByText('/ocs/v2.php/apps/app_api/api/v1/users from 127.0.0.1, 2 times').waitFor()
  await refused.getByText('Wrong secret or signature').waitFor()
  expect(await page.getByText(secret).count()).toBe(0)
  await region('State').getByRole('button', { name: 'Ask whether it runs' }).click()
  await region('State').getByText('It runs.').waitFor()
  await region('What people reach of it').getByText('GET ^api/.*$').waitFor()
  await looked(page, 'admin-apps-one')
  await looked(page, 'admin-apps-log', () => region('Refused requests').scrollIntoViewIfNeeded())
})

test('what it may do changes at once, by keyboard', async () => {
  const may = region('What it may do')
  await may.getByRole('checkbox', { name: /SYSTEM/ }).focus()
  await page.keyboard.press('Space')
  await may.getByRole('button', { name: 'Save' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('What Tally may do is changed.').waitFor()
  expect(await app.call(secret, 'GET', '/api/v1/users')).toBe(200)
})

test('it gets another secret, and the former one is taken for a day', async () => {
  await region('Secret').getByRole('button', { name: 'Make another secret' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make it' }).click()
  const next = (await page.getByRole('status').getByText(/^[A-Za-z0-9]{128}$/).textContent()) ?? ''
  expect(next).not.toBe(secret)
  expect([await state(), await app.call(next, 'GET', '/ex-app/state')]).toEqual([200, 200])
  await region('Secret').getByText('The former secret is taken until').waitFor()
  expect((await detail()).formerUntil * 1000 - Date.now()).toBeGreaterThan(23 * 3_600_000)
  await looked(page, 'admin-apps-secret')
})

test('it is disabled, enabled, and let go with all it kept', async () => {
  const on = region('State').getByRole('switch', { name: 'Enabled' })
  await page.route(`**${root}/${id}?*`, route => route.fulfill({ status: 503, json: {} }))
  await on.click()
  await page.getByText('Tally is disabled.').waitFor()
  await page.getByRole('alert').filter({ hasText: /\S/ }).waitFor()
  await page.getByText(/^APP_ID=tally/).waitFor() // a secret that is shown once stays, whatever goes wrong
  b.forgive(/503/)
  await page.unroute(`**${root}/${id}?*`)
  expect([app.enabled(), await app.call(secret, 'GET', '/api/v1/users')]).toEqual(['0', 401])
  await page.reload() // the page had not heard of it
  await expect.poll(() => on.getAttribute('aria-checked')).toBe('false')
  await on.click()
  await page.getByText('Tally is enabled.').waitFor()
  await page.getByRole('button', { name: 'All external apps' }).click()
  await page.getByRole('list', { name: 'External apps' }).getByText('AppAPI: the secret is sent along').waitFor()
  await looked(page, 'admin-apps')
  await page.getByRole('link', { name: 'Tally' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Unregister Tally' }).click()
  await page.getByRole('dialog').getByRole('checkbox').check()
  await page.getByRole('dialog').getByRole('button', { name: 'Unregister', exact: true }).click()
  await page.getByText('Tally is unregistered.').waitFor()
  await page.getByRole('heading', { name: 'There is no external app yet' }).waitFor()
  expect(await app.call(secret, 'GET', '/ex-app/state')).toBe(401)
  await page.getByRole('button', { name: 'Delete By hand' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByText('By hand is deleted.').waitFor()
})
