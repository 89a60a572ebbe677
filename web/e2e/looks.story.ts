import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { browser, desktop, looks, open, row, shoot, signIn } from './browser'
import { dav } from './server'

const b = browser()
const nameOf = (what: string, look: { width: number; dark: boolean }): string => `${what}-${look.width}-${look.dark ? 'dark' : 'light'}`

const samples: [string, string][] = [
  ['Minutes 2026-11-03.md', 'x'.repeat(3200)], ['Budget 2027.ods', 'x'.repeat(48_000)], ['harbour at dawn.jpg', 'x'.repeat(410_000)], ['interview.ogg', 'x'.repeat(90_000)],
  ['Holiday.mp4', 'x'.repeat(900_000)], ['backup.tar.gz', 'x'.repeat(230_000)], ['main.go', 'x'.repeat(900)], ['Talk on tides.odp', 'x'.repeat(60_000)], ['notes', ''],
  ['A rather long name of a document that somebody has given without a thought for narrow screens, final version (3).pdf', 'x'.repeat(120_000)],
  ['عقد الإيجار.pdf', 'x'.repeat(8000)], ['写真.png', 'x'.repeat(77_000)],
]

async function each(act: (page: Page, look: (typeof looks)[number]) => Promise<void>): Promise<void> {
  for (const look of looks) {
    const page = await b.page(look)
    await act(page, look)
    await page.close()
  }
}

/** axe takes its time; what differs between looks has been checked by the stories of whole pages. */
async function looked(page: Page, where: string, look: (typeof looks)[number]): Promise<void> {
  if ((look.width === 360) === look.dark) await accessible(page, where)
}

beforeAll(async () => {
  await dav('MKCOL', '/looks')
  for (const folder of ['Photos', 'Contracts', 'Shared with the choir', 'empty']) await dav('MKCOL', `/looks/${folder}`)
  const day = 86_400
  for (const [i, [name, text]] of samples.entries()) {
    await dav('PUT', `/looks/${name}`, text, { 'X-OC-MTime': String(Math.floor(Date.now() / 1000) - i ** 3 * day) })
  }
  await dav('MKCOL', '/looks/Photos/2026')
  await dav('MKCOL', '/looks/Photos/2026/A summer by the sea')
  await dav('MKCOL', '/looks/Photos/2026/A summer by the sea/Second week')
  const page = await b.page()
  await signIn(page)
  await page.close()
})

test('the list', () => each(async (page, look) => {
  await open(page, '/looks')
  await row(page, 'Photos').waitFor()
  await accessible(page, nameOf('list', look))
  await fits(page, nameOf('list', look))
  await shoot(page, nameOf('list', look))
}))

test('the details of a file', () => each(async (page, look) => {
  await open(page, '/looks')
  await page.getByLabel('Select main.go').check()
  await page.getByRole('button', { name: 'Details' }).click()
  await page.getByRole('tab', { name: 'Details' }).click()
  await page.getByText('Lies in').waitFor()
  await accessible(page, nameOf('details', look))
  await fits(page, nameOf('details', look))
  await shoot(page, nameOf('details', look))
  await page.getByRole('button', { name: 'Close the details' }).click()
}))

test('the places on a phone', () => each(async (page, look) => {
  if (look.width > 1000) return
  await open(page, '/looks')
  await page.getByRole('button', { name: 'Places' }).click()
  await page.getByRole('link', { name: 'All files' }).waitFor()
  await accessible(page, nameOf('places', look))
  await shoot(page, nameOf('places', look))
  await page.keyboard.press('Escape')
}))

test('a selection', () => each(async (page, look) => {
  await open(page, '/looks')
  for (const name of ['Contracts', 'main.go', 'backup.tar.gz']) await page.getByLabel(`Select ${name}`).check()
  await accessible(page, nameOf('selection', look))
  await fits(page, nameOf('selection', look))
  await shoot(page, nameOf('selection', look))
  await page.getByRole('grid').press('Shift+Delete')
  await page.getByRole('dialog').waitFor()
  await looked(page, nameOf('delete', look), look)
  await shoot(page, nameOf('delete', look))
}))

test('the way to a deep folder, and an empty one', () => each(async (page, look) => {
  await open(page, '/looks/Photos/2026/A summer by the sea/Second week')
  await page.getByText('This folder is empty').waitFor()
  await accessible(page, nameOf('empty', look))
  await fits(page, nameOf('empty', look))
  await shoot(page, nameOf('empty', look))
}))

test('a folder that is not there, a server that is not there', () => each(async (page, look) => {
  await page.goto(new URL('/apps/files/files?dir=/never', (await dav('PROPFIND', '/', undefined, { Depth: '0' })).url).href)
  await page.getByRole('heading', { name: 'This folder is not here' }).waitFor()
  await accessible(page, nameOf('missing', look))
  await shoot(page, nameOf('missing', look))
  await page.route('**/remote.php/dav/**', route => route.abort())
  await page.getByRole('button', { name: 'Go to all files' }).click()
  await page.getByRole('heading', { name: 'The server cannot be reached' }).waitFor()
  await shoot(page, nameOf('unreachable', look))
  await page.unroute('**/remote.php/dav/**')
  await page.getByRole('button', { name: 'Try again' }).click()
  await row(page, 'looks').waitFor()
  b.forgive(/404|ERR_FAILED/)
}))

test('menus, dialogs and renaming', () => each(async (page, look) => {
  await open(page, '/looks')
  await row(page, 'Budget 2027.ods').getByRole('button', { name: 'Actions for' }).click()
  await looked(page, nameOf('menu', look), look)
  await fits(page, nameOf('menu', look))
  await shoot(page, nameOf('menu', look))
  await page.getByRole('menuitem', { name: 'Rename' }).click()
  await looked(page, nameOf('rename', look), look)
  await shoot(page, nameOf('rename', look))
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'New', exact: true }).click()
  await page.getByRole('menuitem', { name: 'New folder' }).click()
  await looked(page, nameOf('new-folder', look), look)
  await shoot(page, nameOf('new-folder', look))
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await looked(page, nameOf('keys', look), look)
  await shoot(page, nameOf('keys', look))
}))

test('uploads under way, and what failed', () => each(async (page, look) => {
  await open(page, '/looks/empty')
  let let_go = (): void => undefined
  const held = new Promise<void>(resolve => (let_go = resolve))
  await page.route('**/looks/empty/**', async route => {
    if (route.request().method() !== 'PUT') return route.continue()
    if (route.request().url().includes('too')) return route.fulfill({ status: 507, body: '' })
    await held
    return route.abort()
  })
  const file = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.alloc(300_000) })
  await page.locator('input[aria-label="Files to upload"]').setInputFiles([file('too large.iso'), file('slow one.txt'), file('slow two.txt'), file('too much.mkv')])
  if (look.width < 700) await page.getByRole('button', { name: 'Show more' }).click()
  await page.getByRole('region', { name: 'Uploads' }).getByText('too much.mkv').waitFor()
  await accessible(page, nameOf('uploads', look))
  await fits(page, nameOf('uploads', look))
  await shoot(page, nameOf('uploads', look))
  await page.getByRole('button', { name: 'Cancel all' }).click()
  let_go()
  b.forgive(/507|ERR_FAILED|aborted/i)
}))

test('the look can be chosen, and stays', async () => {
  const page = await b.page(desktop)
  await open(page, '/looks')
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await paper()
  await page.getByRole('button', { name: 'Look: as the device' }).click()
  await page.getByRole('button', { name: 'Look: light' }).click()
  const dark = await paper()
  expect(dark).not.toBe(light)
  await page.reload()
  await page.getByRole('button', { name: 'Look: dark' }).waitFor()
  expect(await paper()).toBe(dark)
  await page.getByRole('button', { name: 'Look: dark' }).click()
  expect(await paper()).toBe(light)
})
