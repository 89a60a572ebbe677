import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { base, browser, desktop, looks, open, password, shoot, signIn, user } from './browser'
import { dav, ocs } from './server'

const b = browser()
let page: Page

interface Found { entries: { title: string }[] }
const dialog = () => page.getByRole('dialog', { name: 'Search' })
const field = () => page.getByRole('combobox', { name: 'Search' })
const find = (name: string | RegExp) => page.getByRole('option', { name })
const group = (name: string) => page.getByRole('group', { name, exact: true })

/** Makes a tag and puts it on a file, past the browser. */
async function tag(name: string, path: string): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const found = await (await dav('PROPFIND', path, '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:fileid/></d:prop></d:propfind>', { Depth: '0' })).text()
  const id = /<oc:fileid>(\d+)</.exec(found)?.[1]
  const made = await fetch(`${base}/remote.php/dav/systemtags-relations/files/${id}`, {
    method: 'POST', headers: { Authorization: authorization, 'Content-Type': 'application/json' }, body: JSON.stringify({ name, userVisible: true, userAssignable: true }),
  })
  expect(made.status).toBe(201)
}

beforeAll(async () => {
  for (const folder of ['/orchard', '/orchard/harvest', '/meadow']) await dav('MKCOL', folder)
  await dav('PUT', '/orchard/harvest/quince list.txt', 'apples and medlars')
  await dav('PUT', '/meadow/quince jam.txt', 'a recipe with zingiberaceous roots')
  await dav('PUT', '/meadow/quince.png', Uint8Array.from(Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')))
  await tag('orchard work', '/meadow/quince jam.txt')
  page = await b.page()
  await signIn(page)
})

test('the server has read what was stored', async () => {
  const knows = async (provider: string, term: string, n: number): Promise<boolean> =>
    (await ocs<Found>('GET', `/search/providers/${provider}/search?term=${term}`)).entries.length === n
  await expect.poll(async () => (await knows('files', 'quince', 3)) && (await knows('fulltextsearch', 'zingiberaceous', 1)), { timeout: 60_000 }).toBe(true)
})

test('by keys: names in the folder first, then anywhere; Enter opens the page of all', async () => {
  await open(page, '/orchard')
  await page.getByRole('grid').focus()
  await page.keyboard.press('/')
  await dialog().waitFor()
  await page.keyboard.type('quince')
  await group('In this folder').getByRole('option', { name: /quince list/ }).waitFor()
  await group('Names').getByRole('option', { name: /quince jam/ }).waitFor()
  expect(await group('Names').getByRole('option', { name: /quince list/ }).count()).toBe(0)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL('**view=/orchard/harvest/quince+list.txt')
  await page.getByRole('dialog', { name: 'quince list.txt' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })

  await page.keyboard.press('Control+f')
  await page.getByRole('button', { name: 'quince', exact: true }).click() // searched before
  await find(/quince jam/).waitFor()
  await field().focus()
  await page.keyboard.press('Enter')
  await page.waitForURL('**/apps/files/search?q=quince')
  await page.getByRole('heading', { name: 'Search for “quince”' }).waitFor()
  await page.getByRole('list', { name: 'Finds' }).getByText('quince.png').waitFor()
  await accessible(page, 'the finds')
})

test('what stands in files is found, and chips narrow', async () => {
  await open(page, '/')
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  await field().fill('zingib')
  await group('In files').getByRole('option', { name: /quince jam/ }).waitFor()
  await field().fill('quince')
  await find(/quince\.png/).waitFor()
  await dialog().getByLabel('Kind', { exact: true }).selectOption('image')
  await expect.poll(() => find(/quince/).count()).toBe(1)
  await dialog().getByLabel('Kind', { exact: true }).selectOption('')
  await dialog().getByLabel('Tag', { exact: true }).selectOption({ label: 'orchard work' })
  await expect.poll(() => find(/quince/).allTextContents()).toEqual([expect.stringContaining('quince jam')])
  await dialog().getByLabel('Changed', { exact: true }).selectOption('7')
  await accessible(page, 'the search')
  await dialog().getByLabel('Tag', { exact: true }).selectOption('')
  await dialog().getByLabel('Changed', { exact: true }).selectOption('')
  await field().fill('nothing is called so')
  await dialog().getByText('Nothing was found.').waitFor()
  await page.keyboard.press('Escape')
  await dialog().waitFor({ state: 'detached' })
})

test('the search looks well, and works on a phone', async () => {
  for (const look of looks) {
    await page.setViewportSize(look)
    await page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light', reducedMotion: 'reduce' })
    await open(page, '/orchard')
    await page.getByRole('button', { name: 'Search', exact: true }).click()
    await dialog().getByText('Searched before').waitFor()
    await field().fill('quince')
    await group('Names').getByRole('option', { name: /quince jam/ }).waitFor()
    await accessible(page, `search ${look.width}`)
    await fits(page, `search ${look.width}`)
    await shoot(page, `search-${look.width}-${look.dark ? 'dark' : 'light'}`)
    await field().press('Enter')
    await page.getByRole('list', { name: 'Finds' }).getByText('quince.png').waitFor()
    await fits(page, `finds ${look.width}`)
    await shoot(page, `finds-${look.width}-${look.dark ? 'dark' : 'light'}`)
  }
  await page.getByRole('list', { name: 'Finds' }).getByText('quince list.txt').click()
  await page.getByRole('dialog', { name: 'quince list.txt' }).waitFor()
  await page.setViewportSize(desktop)
})
