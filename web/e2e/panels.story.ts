import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { base, browser, desktop, signIn } from './browser'
import { ocs } from './server'

const b = browser()
let page: Page

const minute = 60
/** An hour of a server that works, with a rest in between. */
function hour(): object {
  const now = Math.floor(Date.now() / 1000)
  const wave = (i: number, speed: number): number => (Math.sin(i / speed) + 1) / 2
  const samples = Array.from({ length: 60 }, (_, i) => ({
    at: now - (60 - i) * minute, busy: .1 + .5 * wave(i, 7), own: .05 + .3 * wave(i, 7), memory: 3e9 + 4e8 * wave(i, 20), resident: 1.2e8 + 3e7 * wave(i, 9), requests: 200 * wave(i, 5), failed: i % 13 === 0 ? 3 : 0,
    people: Math.round(12 * wave(i, 15)), shares: 240 + Math.floor(i / 10), storage: 8e11 + i * 2e8,
  })).filter((_, i) => i < 20 || i > 26)
  return { host: 'node-1', started: new Date(0).toISOString(), cpus: 4, memory: 8e9, disk: 2e12, free: 1.1e12, from: now - 60 * minute, to: now, step: minute, samples, now: { ...samples.at(-1), at: now, busy: .42 } }
}
const opened = async (name: string): Promise<void> => {
  await page.getByRole('navigation', { name: 'Administration' }).getByRole('link', { name, exact: true }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
}

beforeAll(async () => {
  await ocs('POST', '/cloud/users', { userid: 'petra', password: 'Kqz7-rain-oboe' })
  await ocs('POST', '/cloud/groups', { groupid: 'stewards' })
  page = await b.page(desktop)
  await signIn(page)
  await page.goto(`${base}/settings/admin/monitoring`)
})

test('the server tells how busy it is', async () => {
  await page.getByRole('img', { name: 'Processor: Last hour' }).waitFor()
  await page.getByText('SQLite').waitFor()
  await page.getByRole('radio', { name: 'Last hour' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('img', { name: 'Storage: Last 24 hours' }).waitFor()
})

test('charts are read by mouse, and as a table by keyboard', async () => {
  await page.route('**/administration/api/v1/samples**', route => route.fulfill({ json: { ocs: { data: hour() } } }))
  await page.getByRole('radio', { name: 'Last hour' }).check()
  const card = page.locator('#processor')
  await card.getByText('42%').waitFor()
  await card.getByRole('img').hover({ position: { x: 5, y: 40 } })
  await card.getByText('42%').waitFor({ state: 'detached' })
  await page.mouse.move(0, 0)
  await card.getByText('42%').waitFor()
  await card.getByText('As a table').focus()
  await page.keyboard.press('Enter')
  const rows = card.getByRole('table').getByRole('row')
  await rows.nth(54).waitFor()
  expect([await rows.count(), await rows.nth(1).textContent()]).toEqual([55, expect.stringContaining('42%')])
  await page.keyboard.press('Enter')
  await looked(page, 'admin-monitoring')
  await page.unroute('**/administration/api/v1/samples**')
})

test('the audit log by person and kind, and as a text', async () => {
  await opened('Audit log')
  const list = page.getByRole('list', { name: 'Audit log' })
  await list.getByText('Account made').first().waitFor()
  await page.getByLabel('What happened').selectOption('Mail address changed')
  await page.getByText('There is nothing.').waitFor()
  await page.getByLabel('What happened').selectOption('Everything')
  await page.getByLabel('Person').fill('nobody at all')
  await page.keyboard.press('Enter')
  await page.getByText('There is nothing.').waitFor()
  await page.getByLabel('Person').fill('')
  await page.keyboard.press('Enter')
  await list.waitFor()
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as text' }).click()])
  expect(file.suggestedFilename()).toBe('audit.txt')
  await looked(page, 'admin-audit')
})

test('what the server logged', async () => {
  await opened('Server log')
  await page.route('**/administration/api/v1/log**', route => route.fulfill({ json: { ocs: { data: [
    { at: new Date().toISOString(), level: 'error', message: 'a job went wrong and is tried again', more: [{ key: 'err', value: 'dial tcp 192.0.2.7:25: connect: connection refused' }, { key: 'kind', value: 'mail.send' }] },
    { at: new Date(Date.now() - 3_600_000).toISOString(), level: 'warn', message: 'a message was refused for good', more: [{ key: 'id', value: 'q7Xc2' }] },
  ] } } }))
  await page.getByRole('button', { name: 'Look again' }).click()
  const list = page.getByRole('list', { name: 'Server log' })
  await list.getByText('connection refused').waitFor()
  await page.getByLabel('Filter').fill('refused for good')
  expect(await list.getByRole('listitem').count()).toBe(1)
  await page.getByLabel('Filter').fill('')
  await looked(page, 'admin-log')
  await page.unroute('**/administration/api/v1/log**')
})

test('a role is made, held, changed and deleted', async () => {
  await opened('Roles')
  await page.getByText('There is no role yet').waitFor()
  await page.getByRole('button', { name: 'New role' }).click()
  const dialog = page.getByRole('dialog')
  await page.keyboard.type('Help desk')
  expect(await dialog.getByLabel('Short name').inputValue()).toBe('help-desk')
  await dialog.getByLabel('Read the audit log').check()
  await dialog.getByLabel('Sharing files').check()
  await page.keyboard.press('Enter')
  await page.getByText('The role Help desk is made.').waitFor()
  await page.getByRole('button', { name: 'Change Who holds Help desk' }).click()
  await dialog.getByLabel('Groups').fill('stewards')
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: 'Take away stewards' }).waitFor()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('region', { name: 'Help desk' }).getByText('stewards').waitFor()
  expect(await ocs('GET', '/apps/roles/api/v1/roles/help-desk/holders')).toEqual({ users: [], groups: ['stewards'] })
  await looked(page, 'admin-roles')
  await page.getByRole('button', { name: 'Edit Help desk' }).click()
  await dialog.getByLabel('Read the audit log').waitFor()
  await looked(page, 'admin-role')
  await dialog.getByLabel('Sharing files').uncheck()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('The role Help desk is changed.').waitFor()
  await page.getByRole('button', { name: 'Delete Help desk' }).click()
  await dialog.getByRole('button', { name: 'Delete role' }).click()
  await page.getByText('There is no role yet').waitFor()
})

test('letters are seen as they come', async () => {
  await opened('Letters')
  await page.frameLocator('iframe').getByRole('link', { name: 'Choose your password' }).waitFor()
  await page.getByLabel('Letter', { exact: true }).selectOption('The password of a link')
  await page.getByText('Kqz7-rain-oboe').first().waitFor()
  await page.getByLabel('Language').selectOption('Deutsch')
  await page.frameLocator('iframe').getByRole('heading', { name: 'Passwort für' }).waitFor()
  await looked(page, 'admin-letters')
  await page.getByRole('button', { name: 'Send it to me' }).click()
  await page.getByRole('alert').filter({ hasText: 'Your account has no mail address' }).waitFor()
  b.forgive(/400|postMessage/) // axe would speak to the letter's frame, which runs nothing
})
