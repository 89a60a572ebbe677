import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { base, browser, desktop, looks, open, row, shoot } from './browser'
import { dav, ocs } from './server'

const b = browser()
const password = 'Kqz7-rain-oboe'
let page: Page

async function looked(name: string): Promise<void> {
  for (const look of looks) {
    await page.setViewportSize(look)
    await page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light', reducedMotion: 'reduce' })
    await accessible(page, `${name} ${look.width}`)
    await fits(page, `${name} ${look.width}`)
    await shoot(page, `${name}-${look.width}-${look.dark ? 'dark' : 'light'}`)
  }
  await page.setViewportSize(desktop)
  await page.emulateMedia({ colorScheme: 'light' })
}

const settings = async (section: string): Promise<void> => void (await page.goto(`${base}/settings/user/${section}`))

beforeAll(async () => {
  await ocs('POST', '/cloud/users', { userid: 'lena', displayName: 'Lena Leaver', password })
  await dav('PUT', '/for lena.txt', 'hello')
  page = await b.page(desktop)
  await page.goto(`${base}/login`)
  await page.getByLabel('Login or e-mail address').fill('lena')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.waitForURL('**/apps/files/files')
})
afterAll(() => ocs('DELETE', '/apps/provisioning_api/api/v1/config/apps/leave/allowed'))

test('how one shares and receives is chosen once, by keys', async () => {
  await settings('sharing')
  await page.getByRole('heading', { name: 'Sharing', level: 1 }).waitFor()
  await page.getByRole('radio', { name: 'Can view' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('radio', { name: 'After 30 days' }).check()
  await page.getByText('Saved.').waitFor()
  await page.getByLabel('Folder in which they appear').fill('/From others')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
  await looked('sharing-defaults')
  await ocs('POST', '/apps/files_sharing/api/v1/shares', { path: '/for lena.txt', shareType: 0, shareWith: 'lena', permissions: 1 })
  await open(page, '/From others')
  await row(page, 'for lena.txt').waitFor()
  await settings('sharing')
  await expect.poll(() => page.getByLabel('Folder in which they appear').inputValue()).toBe('/From others')
  expect(await page.getByRole('radio', { name: 'Can edit' }).isChecked()).toBe(true)
})

test('an account is deleted by who has it, after the password and where that is allowed', async () => {
  await settings('storage')
  await page.getByText('Accounts are deleted by the administrators of this server.').waitFor()
  await ocs('POST', '/apps/provisioning_api/api/v1/config/apps/leave/allowed', { value: 'yes' })
  await page.reload()
  await page.getByRole('button', { name: 'Delete the account …' }).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Delete your account?' })
  await dialog.getByLabel('Your password').fill('not this one')
  expect(await dialog.getByRole('button', { name: 'Delete the account' }).isDisabled()).toBe(true)
  await dialog.getByLabel('Delete the account lena').check()
  await looked('leaving')
  await dialog.getByRole('button', { name: 'Delete the account' }).click()
  await expect.poll(() => dialog.getByRole('alert').textContent()).not.toBe('')
  await dialog.getByLabel('Your password').fill(password)
  await page.keyboard.press('Enter')
  await page.getByLabel('Login or e-mail address').waitFor()
  await expect(ocs('GET', '/cloud/users/lena')).rejects.toThrow('404')
  b.forgive(/403|401|WebSocket/)
})
