import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { base, browser, desktop, signIn } from './browser'
import { png } from './samples'
import { dav, names } from './server'

const b = browser()
let page: Page
const photo = (name: string) => page.getByRole('listbox', { name: 'Photos' }).getByRole('option', { name: new RegExp(`^${name}`) })
const albums = () => page.getByRole('list', { name: 'Albums' })
const album = (name: string) => albums().getByRole('link', { name })
const dialog = (name: string) => page.getByRole('dialog', { name })

async function select(...wanted: string[]): Promise<void> {
  for (const name of wanted) {
    await photo(name).hover()
    await photo(name).locator('.choose').click()
  }
}

beforeAll(async () => {
  await dav('MKCOL', '/gathered')
  for (let i = 0; i < 6; i++) await dav('PUT', `/gathered/g${i}.png`, png(300 + 40 * i, 260, i), { 'X-OC-MTime': String(Date.UTC(2033, 5, 20 - i) / 1000) })
  page = await b.page(desktop)
  await signIn(page)
  await page.goto(`${base}/apps/photos`)
  await photo('g0.png').waitFor()
})
afterAll(() => dav('DELETE', '/gathered')) // from the future: they would be the most recent files of all

test('photos are put into an album that is made for them, by mouse', async () => {
  await select('g0.png', 'g1.png', 'g2.png')
  await page.getByRole('button', { name: 'Add to album …' }).click()
  await dialog('Add 3 photos to an album').getByRole('button', { name: 'New album' }).click()
  await dialog('New album').getByLabel('Name').fill('a/b')
  await dialog('New album').getByRole('button', { name: 'Make album' }).click()
  await dialog('New album').getByText('A name cannot contain / or \\.').waitFor()
  await dialog('New album').getByLabel('Name').fill('Summer & sea #1')
  await dialog('New album').getByRole('button', { name: 'Make album' }).click()
  await page.getByText('3 photos are in “Summer & sea #1” now.').waitFor()
  await page.getByText('3 selected').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Show album' }).click()
  await page.getByRole('heading', { level: 1, name: 'Summer & sea #1' }).waitFor()
  await page.reload() // the address can be kept
  await photo('g2.png').waitFor()
  expect(await page.getByRole('option').count()).toBe(3)
})

test('what is taken out of an album stays where it lies, and comes back with undo', async () => {
  await select('g2.png')
  await page.getByRole('button', { name: 'Remove from album' }).click()
  await photo('g2.png').waitFor({ state: 'detached' })
  expect(await names('/gathered')).toContain('g2.png')
  await page.getByText('1 photo is no longer in “Summer & sea #1”.').waitFor()
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await photo('g2.png').waitFor()
})

test('albums are made and renamed by keys alone', async () => {
  await page.getByRole('link', { name: 'All albums' }).press('Enter')
  await page.getByRole('navigation', { name: 'Places' }).locator('a.router-link-active').getByText('Photos', { exact: true }).waitFor()
  await album('Summer & sea #1').waitFor()
  await page.getByRole('button', { name: 'New album' }).press('Enter')
  await page.keyboard.type('Summer & sea #1')
  await page.keyboard.press('Enter')
  await dialog('New album').getByText('There is already').waitFor()
  b.forgive(/405|409|412/)
  await page.keyboard.press('Control+a')
  await page.keyboard.type('عطلة الصيف')
  await page.keyboard.press('Enter')
  await page.getByText('No photos in this album').waitFor()
  await page.getByRole('button', { name: 'Actions for the album' }).press('Enter')
  await page.getByRole('menuitem', { name: 'Rename the album' }).press('Enter')
  await page.keyboard.type('A rather long name of an album that somebody has given without a thought')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'A rather long name of an album' }).waitFor()
  await page.getByRole('link', { name: 'All photos' }).press('Enter')
  await photo('g5.png').waitFor()
  await page.getByRole('listbox', { name: 'Photos' }).focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Shift+End')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Home')
  await page.keyboard.press(' ')
  await page.getByRole('button', { name: 'Add to album …' }).press('Enter')
  await looked(page, 'albums-choose', () => dialog('Add 1 photo to an album').getByRole('button', { name: /^A rather long name/ }).waitFor())
  await dialog('Add 1 photo to an album').getByRole('button', { name: /^A rather long name/ }).press('Enter')
  await page.getByText('1 photo is in “A rather long name').waitFor()
})

test('the list of albums, and one of them', async () => {
  await page.getByRole('link', { name: 'Albums' }).click()
  await looked(page, 'albums', () => expect.poll(() => albums().locator('img').evaluateAll(all => all.length === 2 && all.every(i => (i as HTMLImageElement).complete))).toBe(true))
  await album('Summer & sea #1').click()
  await looked(page, 'albums-one', () => photo('g1.png').waitFor())
})

test('an album is given up, and its photos stay', async () => {
  await page.getByRole('button', { name: 'Actions for the album' }).click()
  await page.getByRole('menuitem', { name: 'Delete the album' }).click()
  await dialog('Delete the album “Summer & sea #1”?').getByRole('button', { name: 'Delete the album' }).click()
  await page.getByText('The album “Summer & sea #1” is gone.').waitFor()
  await album('Summer & sea #1').waitFor({ state: 'detached' })
  expect(await names('/gathered')).toHaveLength(6)
})
