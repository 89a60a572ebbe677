import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { base, browser, desktop, looks, password, shoot, signIn, user } from './browser'

const b = browser()
let page: Page

const credentials = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const undo = (): Promise<Response> => fetch(`${base}/apps/theming/ajax/undoAllChanges`, { method: 'POST', headers: { Authorization: credentials, 'OCS-APIRequest': 'true' } })
const accent = (): Promise<string> => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--accent'))

async function looked(name: string): Promise<void> {
  for (const look of looks) {
    await page.setViewportSize(look)
    await page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light', reducedMotion: 'reduce' })
    if ((look.width === 360) === look.dark) await accessible(page, `${name} ${look.width}`)
    await fits(page, `${name} ${look.width}`)
    await shoot(page, `appearance-${name}-${look.width}-${look.dark ? 'dark' : 'light'}`)
  }
  await page.setViewportSize(desktop)
  await page.emulateMedia({ colorScheme: 'light' })
}

beforeAll(async () => {
  page = await b.page(desktop)
  await signIn(page)
  await page.goto(`${base}/settings/admin/appearance`)
  await page.getByRole('heading', { level: 1, name: 'Appearance' }).waitFor()
})
afterAll(async () => {
  expect((await undo()).status).toBe(200)
})

test('a colour is shown in both themes before it is kept, and stays readable', async () => {
  const field = page.getByRole('textbox', { name: 'Colour as #rrggbb' })
  await field.fill('#ffcc00')
  await page.getByText(/On light ground it stands as #/).waitFor()
  expect(await accent()).not.toContain('#ffcc00')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Back to the default: Colour' }).waitFor()
  await expect.poll(accent).toMatch(/light-dark\(#[0-9a-f]{6}, ?#ffcc00\)/)
  await page.getByText("atrium config:app:set theming primary_color --value='#ffcc00'").waitFor()
})

test('a wrong colour is told in words', async () => {
  const field = page.getByRole('textbox', { name: 'Colour as #rrggbb' })
  await field.fill('yellow')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'invalid' }).waitFor()
  await field.fill('#7a1fa2')
  await page.keyboard.press('Enter')
  await expect.poll(accent).toContain('#7a1fa2')
  b.forgive(/400/)
})

test('pictures, a name and legal links are chosen by keyboard', async () => {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Choose a picture: Logo', exact: true }).focus()
  await page.keyboard.press('Enter')
  await (await chooser).setFiles({ name: 'otter.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 30" onload="alert(1)"><script>alert(1)</script><circle cx="15" cy="15" r="14" fill="#7a1fa2"/><path d="M8 17q7 8 14 0" stroke="#fff" stroke-width="3" fill="none"/></svg>') })
  await page.getByRole('button', { name: 'Back to the default: Logo', exact: true }).waitFor()
  const wrong = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Choose a picture: Background' }).click()
  await (await wrong).setFiles({ name: 'sea.png', mimeType: 'image/png', buffer: Buffer.from('no picture') })
  await page.getByRole('alert').filter({ hasText: 'no picture that can be shown here' }).waitFor()
  b.forgive(/400/)

  await page.getByRole('textbox', { name: 'Name of the server' }).fill('Otter & Söhne')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Back to the default: Name of the server' }).waitFor()
  await page.getByRole('textbox', { name: 'Address of the legal notice' }).fill('javascript:alert(1)')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'https://' }).waitFor()
  b.forgive(/400/)
  await page.getByRole('textbox', { name: 'Address of the legal notice' }).fill('https://otter.example/imprint')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Back to the default: Address of the legal notice' }).waitFor()
  await looked('page')
})

test('every page wears it, the one before the login too', async () => {
  await page.goto(`${base}/apps/files/files`)
  await page.getByRole('banner').getByText('Otter & Söhne').waitFor()
  await expect.poll(accent).toContain('#7a1fa2')
  await page.getByRole('link', { name: 'Legal notice' }).waitFor()
  await looked('files')
  await b.forget()
  await page.goto(`${base}/login`)
  await page.getByText('Otter & Söhne').waitFor()
  expect(await page.title()).toContain('Otter & Söhne')
  expect(await page.getByRole('link', { name: 'Legal notice' }).getAttribute('href')).toBe('https://otter.example/imprint')
  await looked('login')
})
