import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { base, browser, open, row, shoot, signIn } from './browser'
import { dav, names } from './server'

const b = browser()
const looks = [1440, 360].flatMap(width => [false, true].map(dark => ({ width, height: width === 360 ? 740 : 900, dark })))
const picture = new Uint8Array(readFileSync(new URL('./picture.png', import.meta.url)))
let page: Page

beforeAll(async () => {
  for (const folder of ['/views', '/views/inner', '/views/other', '/views/other/deep', '/Templates']) await dav('MKCOL', folder)
  for (const name of ['a.txt', 'b.txt', 'c.txt']) await dav('PUT', `/views/${name}`, name)
  for (const name of ['harbour.png', 'dunes.png', 'a rather long name of a picture of the sea.png']) await dav('PUT', `/views/${name}`, picture)
  await dav('PUT', '/views/Readme.md', '# Summer\n\nPictures of **one week**, [from the sea](inner).\n\n- one\n- two\n- three\n- four')
  await dav('PUT', '/views/other/a.txt', 'another a')
  await dav('PUT', '/Templates/Letter.md', 'Dear …')
  page = await b.page()
  await signIn(page)
})

test('files are copied, cut and pasted with keys; what is in the way is asked about', async () => {
  await open(page, '/views')
  await page.getByRole('grid').focus()
  await page.keyboard.press('Home')
  await row(page, 'a.txt').click({ position: { x: 500, y: 10 } })
  await page.keyboard.press('Control+c')
  await page.keyboard.press('Control+v')
  await row(page, 'a (2).txt').waitFor()
  await row(page, 'a.txt').click({ position: { x: 500, y: 10 } })
  await page.keyboard.press('Control+x')
  await row(page, 'other').getByRole('link').click()
  await row(page, 'deep').waitFor()
  await page.keyboard.press('Control+v')
  const dialog = page.getByRole('dialog', { name: '“a.txt” is already there' })
  await dialog.waitFor()
  await accessible(page, 'what is in the way')
  await shoot(page, 'clash-1440-light')
  await dialog.getByRole('button', { name: 'Keep both' }).click()
  await expect.poll(() => names('/views/other')).toEqual(['a (2).txt', 'a.txt', 'deep'])
  b.forgive(/412/)
  await page.keyboard.press('Control+z')
  await expect.poll(() => names('/views/other')).toEqual(['a.txt', 'deep'])
})

test('the dialog moves without dragging, by keyboard alone', async () => {
  await open(page, '/views')
  await row(page, 'a (2).txt').click({ position: { x: 500, y: 10 } })
  await page.keyboard.press('.')
  await page.getByRole('menuitem', { name: 'Move or copy to …' }).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Move or copy “a (2).txt”' })
  await dialog.getByRole('button', { name: 'other' }).press('Enter')
  await dialog.getByRole('button', { name: 'deep' }).waitFor()
  await accessible(page, 'move or copy')
  await shoot(page, 'move-1440-light')
  await dialog.getByRole('button', { name: 'Move here' }).press('Enter')
  await expect.poll(() => names('/views/other')).toEqual(['a (2).txt', 'a.txt', 'deep'])
})

test('a file begins as a template', async () => {
  await open(page, '/views/inner')
  await page.keyboard.press('n')
  const dialog = page.getByRole('dialog', { name: 'New file' })
  await dialog.getByLabel('Letter.md').check()
  await accessible(page, 'new file')
  await shoot(page, 'new-file-1440-light')
  await dialog.getByRole('button', { name: 'Make file' }).click()
  await row(page, 'Letter.md').waitFor()
  expect(await (await dav('GET', '/views/inner/Letter.md')).text()).toBe('Dear …')
})

test('coming back, the list is where it was', async () => {
  await dav('MKCOL', '/views/long')
  await dav('MKCOL', '/views/long/zz last')
  for (let i = 0; i < 60; i++) await dav('MKCOL', `/views/long/folder ${i}`)
  await open(page, '/views/long')
  await page.getByRole('grid').focus()
  await page.keyboard.press('End')
  const at = () => page.getByRole('grid').evaluate(grid => grid.scrollTop)
  await expect.poll(at).toBeGreaterThan(1000)
  const before = await at()
  await row(page, 'zz last').getByRole('link').click()
  await page.getByText('This folder is empty').waitFor()
  await page.goBack()
  await row(page, 'zz last').waitFor()
  await expect.poll(at).toBe(before)
})

test('single letters can be switched off, and the help says so', async () => {
  await open(page, '/views')
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Keys' })
  await help.getByText('Make a favourite, or none any more').waitFor()
  await help.getByLabel('Keys of a single letter do something').uncheck()
  await expect.poll(() => help.getByText('Make a favourite, or none any more').count()).toBe(0)
  await page.keyboard.press('Escape')
  await page.getByRole('grid').focus()
  await page.keyboard.press('v')
  await page.keyboard.press('?')
  expect(await page.getByRole('dialog').count()).toBe(0)
  await page.getByRole('button', { name: 'Keys' }).click()
  await help.getByLabel('Keys of a single letter do something').check()
  await page.keyboard.press('Escape')
})

test.each(['recent', 'tags'])('the list of %s', async list => {
  const id = await idOf('/views/b.txt')
  if (list === 'tags') await tagged('harbour', id)
  for (const look of looks) {
    const own = await b.page(look)
    await own.goto(`${base}/apps/files/${list}`)
    if (list === 'tags') await own.getByRole('button', { name: 'harbour' }).click()
    await row(own, 'b.txt').waitFor()
    if (look.dark) await accessible(own, `${list} at ${look.width}`)
    await fits(own, `${list} at ${look.width}`)
    await shoot(own, `${list}-${look.width}-${look.dark ? 'dark' : 'light'}`)
    await own.close()
  }
})

async function idOf(path: string): Promise<string> {
  const found = await dav('PROPFIND', path, '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:fileid/></d:prop></d:propfind>', { Depth: '0' })
  return /<oc:fileid>(\d+)</.exec(await found.text())?.[1] ?? ''
}

/** Puts a new tag on a file, as another client would. */
async function tagged(name: string, file: string): Promise<void> {
  await page.evaluate(async ({ tag, id }) => {
    const ours = { 'OCS-APIRequest': 'true', 'X-Requested-With': 'XMLHttpRequest', 'Content-Type': 'application/json' }
    const made = await fetch('/remote.php/dav/systemtags/', { method: 'POST', headers: ours, body: JSON.stringify({ name: tag, userVisible: true, userAssignable: true }) })
    await fetch(`/remote.php/dav/systemtags-relations/files/${id}/${made.headers.get('Content-Location')?.split('/').at(-1) ?? ''}`, { method: 'PUT', headers: ours })
  }, { tag: name, id: file })
}
