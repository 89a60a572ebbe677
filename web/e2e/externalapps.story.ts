import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { base, browser, desktop, open, password, row, signIn, user } from './browser'
import { dav, ocs } from './server'

// The example in Python as it runs: it signs its requests, so that people must agree.

const b = browser()
const id = 'counter_app'
const root = '/apps/app_api/api/v1/admin/apps'
const auth = { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, 'OCS-APIRequest': 'true', 'Content-Type': 'application/json' }
let app: ChildProcess
let page: Page

const inside = () => page.frameLocator('iframe[title=Counter]')
const daemons = (method: string, path = '', body?: object) => fetch(`${base}/apps/app_api/daemons${path}`, { method, headers: auth, ...(body ? { body: JSON.stringify(body) } : {}) })

/** Waits till something is as it should be: before the stories, where there is nothing to expect yet. */
async function until<T>(what: () => Promise<T>, want: T, tries = 80): Promise<void> {
  if ((await what()) === want) return
  if (tries === 0) throw new Error('the app did not come up')
  await new Promise(r => setTimeout(r, 100))
  return until(what, want, tries - 1)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(up => server.listen(0, '127.0.0.1', up))
  const { port } = server.address() as { port: number }
  await new Promise(down => server.close(down))
  return port
}

beforeAll(async () => {
  const [port, secret] = [await freePort(), 'a-secret-of-this-story']
  app = spawn('python3', [resolve('../examples/exapp-python/app.py')], {
    stdio: 'ignore', env: { ...process.env, APP_ID: id, APP_VERSION: '1.0.0', APP_SECRET: secret, APP_HOST: '127.0.0.1', APP_PORT: String(port), NEXTCLOUD_URL: base, SIGNED: '1' },
  })
  await until(() => fetch(`http://127.0.0.1:${port}/heartbeat`).then(a => a.status, () => 0), 200)
  const made = await daemons('POST', '', { daemonConfigParams: { name: 'story', display_name: 'Story', accepts_deploy_id: 'manual-install', protocol: 'http', host: '127.0.0.1' } })
  expect(made.status).toBe(200)
  const routes = [{ url: '^count$', verb: 'GET', access_level: 'USER' }]
  await ocs('POST', root, { id, daemon: 'story', info: JSON.stringify({ name: 'Counter App', version: '1.0.0', secret, port, routes }), signed: true, force: true })
  await until(async () => {
    const { capabilities } = await ocs<{ capabilities: { external_apps?: { forms: { admin: boolean } } } }>('GET', '/cloud/capabilities')
    return capabilities.external_apps?.forms.admin
  }, true)
  await dav('MKCOL', '/Measured')
  await dav('PUT', '/Measured/one.txt', 'one')
  await dav('PUT', '/Measured/two.txt', 'two')
  page = await b.page(desktop)
  await signIn(page)
})
afterAll(async () => {
  await ocs('DELETE', `${root}/${id}`)
  await daemons('DELETE', '/story')
  app.kill()
})

test('somebody agrees that an app acts for them, and withdraws', async () => {
  await page.goto(`${base}/settings/user/apps`)
  await page.getByText('May not act for you.').waitFor()
  await page.getByRole('button', { name: 'Let “Counter App” act for you' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Withdraw from “Counter App”' }).waitFor()
  await looked(page, 'external-mine')
  await page.getByRole('button', { name: 'Withdraw from “Counter App”' }).click()
  await page.getByText('May not act for you.').waitFor()
})

test('its page is among the places, and asks its app through us', async () => {
  await open(page, '/Measured')
  await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Counter' }).click()
  await inside().getByRole('heading', { name: 'What is there?' }).waitFor()
  await inside().getByRole('button', { name: 'Count my files' }).focus()
  await page.keyboard.press('Enter')
  await inside().getByText(/^\d+ files were here$/).waitFor()
  const ours = page.frames().find(f => f.url().includes('/apps/app_api/frame/'))
  expect(await ours?.evaluate(() => self.origin)).toBe('null')
  const barred = await ours?.evaluate(() => fetch('/ocs/v2.php/cloud/user').then(() => 'asked', (error: unknown) => String(error)))
  expect(barred).toContain('can ask this app alone')
  await looked(page, 'external-page', () => inside().getByRole('button', { name: 'Count my files' }).waitFor())
  b.forgive(/postMessage/) // axe looks for itself in the frame, which has no origin
})

test('files are handed to it from the menu and from the bar, and its page opens', async () => {
  await open(page, '/Measured')
  await row(page, 'one.txt').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Measure' }).waitFor()
  await looked(page, 'external-menu')
  await page.keyboard.press('Escape')
  await row(page, 'one.txt').click()
  await page.getByRole('grid').press('Control+a')
  await page.getByRole('grid').press('Shift+F10')
  await page.getByRole('menuitem', { name: 'Measure' }).click()
  await page.waitForURL(/\/apps\/app_api\/embedded\/counter_app\/counter\/measured\?fileIds=\d+,\d+$/)
  await inside().getByText('2 measured').waitFor()
  await page.reload()
  await inside().getByText('2 measured').waitFor()
})

test('its settings are filled in', async () => {
  await page.goto(`${base}/settings/user/apps`)
  await page.getByLabel('Kilobytes').check()
  await page.getByLabel('Send reports to').fill('nobody')
  await page.getByLabel('Send reports to').fill('me@example.org')
  await page.getByLabel('Count hidden files too').check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('“Counter (personal)” is saved.').waitFor()
  await page.reload()
  await expect.poll(() => page.getByLabel('Kilobytes').isChecked()).toBe(true)
  await looked(page, 'external-personal')

  await page.goto(`${base}/settings/admin/appforms`)
  await page.getByLabel('Most files to count').fill('12')
  await page.getByLabel('Texts').check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('“Counter (admin)” is saved.').waitFor()
  await looked(page, 'external-admin')
})

test('an app that is gone is told of in words', async () => {
  app.kill()
  await new Promise(gone => app.once('exit', gone))
  await open(page, '/Measured')
  await row(page, 'one.txt').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Measure' }).click()
  await page.getByText('“Measure” did not happen.').waitFor()
  await page.goto(`${base}/apps/app_api/embedded/${id}/counter`)
  await page.getByText('The app’s page cannot be shown').waitFor()
  await looked(page, 'external-gone')
  b.forgive(/503/)
})
