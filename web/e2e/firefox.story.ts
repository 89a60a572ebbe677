import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible } from './axe'
import { base, desktop, open, row, shoot, signIn, uploaded } from './browser'
import { firefoxBrowser } from './firefox'
import { png } from './samples'
import { dav, names } from './server'

// What people do most, in the other engine. Chromium tells all the rest.

const b = firefoxBrowser()
let page: Page
const files = () => page.locator('input[aria-label="Files to upload"]')
const details = () => page.getByRole('complementary', { name: 'Details' })

async function pick(name: string, action: string): Promise<void> {
  await row(page, name).getByRole('button', { name: 'Actions for' }).click()
  await page.getByRole('menuitem', { name: action }).click()
}

/** Takes a picture. Playwright puts a style into the page for it here, which the policy stops: that is forgiven, while a breach of ours is told twice. */
async function picture(name: string): Promise<void> {
  await shoot(page, `firefox-${name}`)
  b.forgive(/^breach of the policy: style-src-elem inline .*%20line%20\d+%20%3E%20eval:|^thrown: Content-Security-Policy: .* blocked an inline style/)
}

beforeAll(async () => {
  for (const folder of ['/fox', '/fox/den']) await dav('MKCOL', folder)
  await dav('PUT', '/fox/tail.txt', 'red')
  await dav('PUT', '/fox/sea.png', png(640, 400, 1))
  page = await b.page()
})

test('signing in: a wrong password is told, the right one leads to the files', async () => {
  await page.goto(`${base}/login`)
  await page.getByLabel('Login or e-mail address').fill('nobody')
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.getByRole('alert').filter({ hasText: 'Wrong login or password' }).waitFor()
  await signIn(page)
  await row(page, 'fox').getByRole('link').click()
  await row(page, 'tail.txt').waitFor()
  await accessible(page, 'files in Firefox')
  await picture('files')
})

test('files go up, and are renamed, moved, deleted and had back', async () => {
  await files().setInputFiles([{ name: 'one.txt', mimeType: 'text/plain', buffer: Buffer.from('1') }, { name: 'two.txt', mimeType: 'text/plain', buffer: Buffer.from('2') }])
  expect(await uploaded(page)).toBe('2 files uploaded')
  await row(page, 'two.txt').waitFor()

  await pick('one.txt', 'Rename')
  const field = page.getByLabel('New name of one.txt')
  expect(await field.evaluate((f: HTMLInputElement) => f.value.slice(f.selectionStart ?? 0, f.selectionEnd ?? 0))).toBe('one')
  await field.fill('first.txt')
  await field.press('Enter')
  await row(page, 'first.txt').waitFor()

  await pick('first.txt', 'Move or copy to …')
  const dialog = page.getByRole('dialog', { name: 'Move or copy “first.txt”' })
  await dialog.getByRole('button', { name: 'den' }).click()
  await dialog.getByRole('button', { name: 'Move here' }).click()
  await page.getByText('1 item moved to “den”.').waitFor()
  expect(await names('/fox/den')).toEqual(['first.txt'])

  await page.getByRole('grid', { name: 'Files' }).focus() // by keys alone
  await page.keyboard.type('tail')
  await page.keyboard.press('Delete')
  await page.getByText('“tail.txt” moved to the trash.').waitFor()
  expect(await names('/fox')).toEqual(['den', 'sea.png', 'two.txt'])
  await page.keyboard.press('Control+z')
  await row(page, 'tail.txt').waitFor()
  await expect.poll(() => names('/fox')).toEqual(['den', 'sea.png', 'tail.txt', 'two.txt'])
})

test('a picture is looked at', async () => {
  await open(page, '/fox')
  await row(page, 'sea.png').getByRole('link').click()
  const viewer = page.locator('dialog.viewer')
  await viewer.getByRole('heading', { name: 'sea.png' }).waitFor()
  await expect.poll(() => viewer.locator('.picture img').evaluate((i: HTMLImageElement) => i.complete && i.naturalWidth)).toBe(640)
  await viewer.getByRole('button', { name: 'Larger' }).click()
  await picture('viewer')
  await page.keyboard.press('Escape')
  await viewer.waitFor({ state: 'detached' })
})

test('the settings, and a dark page', async () => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await page.goto(`${base}/settings/user/appearance`)
  await page.getByRole('heading', { level: 1, name: 'Appearance and accessibility' }).waitFor()
  const light = await ground()
  await page.getByRole('radio', { name: 'Dark' }).check()
  await page.getByText('Saved.').waitFor()
  await expect.poll(ground).not.toBe(light)
  await accessible(page, 'the settings in Firefox')
  await picture('settings-dark')
  await open(page, '/fox')
  await page.setViewportSize({ ...desktop, width: 360, height: 740 })
  await row(page, 'sea.png').waitFor()
  expect(await ground()).not.toBe(light)
  await picture('files-360-dark')
  await page.setViewportSize(desktop)
  await page.goto(`${base}/settings/user/appearance`) // the account is that of all stories
  await page.getByRole('group', { name: 'Theme' }).getByRole('radio', { name: 'As the device' }).check()
  await page.getByText('Saved.').waitFor()
})

test('a link is made, and opened by somebody who is not signed in', async () => {
  await open(page, '/')
  await page.getByLabel('Select fox').check()
  await page.getByRole('button', { name: 'Details' }).click()
  await details().getByRole('tab', { name: 'Sharing' }).click()
  await details().getByRole('button', { name: 'Create a link and copy it' }).click()
  await page.getByText('The link is in the clipboard.').waitFor()
  const link = await copied()
  expect(link).toMatch(new RegExp(`^${base}/s/`))
  await b.forget()
  await page.goto(link)
  await page.getByRole('heading', { level: 1, name: 'fox' }).waitFor()
  await page.getByRole('link', { name: 'sea.png', exact: true }).click()
  await page.getByRole('img', { name: 'sea.png' }).waitFor()
  await picture('link')
  await page.goto(`${base}/apps/files/files`)
  await page.waitForURL('**/login?redirect_url=*')
})

/** What the clipboard holds: it is pasted, for pages may not read it without being asked. */
async function copied(): Promise<string> {
  const field = details().getByRole('combobox', { name: 'Share with' })
  await field.focus()
  await page.keyboard.press('Control+v')
  const text = await field.inputValue()
  await field.fill('')
  return text
}
