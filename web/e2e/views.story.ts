import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { base, browser, desktop, looks, open, row, shoot, signIn } from './browser'
import { dav, names } from './server'

const b = browser()
const tile = (page: Page, name: string) => page.getByRole('gridcell', { name: `${name}, ` })
const selected = (page: Page) => page.locator('[role=grid] [aria-selected=true]').evaluateAll(all => all.map(r => r.getAttribute('aria-label')?.split(',')[0] ?? ''))
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

test('lists, grids and galleries look right, and are remembered for each folder', async () => {
  for (const look of looks) {
    const own = await b.page(look)
    await own.goto(`${base}/apps/files/files?dir=/views`)
    for (const view of ['Compact list', 'Grid', 'Gallery', 'List']) {
      await own.getByRole('button', { name: 'Shown as' }).click()
      await own.getByRole('menuitem', { name: view, exact: true }).click()
      await (view.includes('ist') ? row(own, 'a rather long name of a picture of the sea.png') : tile(own, 'a rather long name of a picture of the sea.png')).waitFor()
      await own.getByRole('grid').locator('img').first().waitFor()
      if (look.dark !== (look.width === 360) || view === 'Grid') await accessible(own, `${view} at ${look.width}`)
      await fits(own, `${view} at ${look.width}`)
      await shoot(own, `${view.toLowerCase().replace(' ', '-')}-${look.width}-${look.dark ? 'dark' : 'light'}`)
    }
    await own.close()
  }
  await open(page, '/views')
  await page.getByRole('region', { name: 'About this folder' }).getByRole('heading', { name: 'Summer' }).waitFor()
  await page.getByRole('grid').focus()
  await page.keyboard.press('v')
  await page.keyboard.press('v')
  await tile(page, 'harbour.png').waitFor()
  await page.reload()
  await tile(page, 'harbour.png').waitFor()
  await open(page, '/views/other')
  await row(page, 'a.txt').waitFor()
})

test('a grid is walked in two dimensions, and sorted like a list', async () => {
  await open(page, '/views')
  const order = () => page.getByRole('gridcell').evaluateAll(all => all.map(e => e.getAttribute('aria-label')?.split(',')[0]))
  await page.getByRole('grid').focus()
  await page.keyboard.press('Home')
  const all = await order()
  const across = Number(await page.getByRole('grid').getAttribute('aria-colcount'))
  await page.keyboard.press('ArrowRight')
  expect(await selected(page)).toEqual([all[1]])
  await page.keyboard.press('ArrowDown')
  expect(await selected(page)).toEqual([all[Math.min(all.length - 1, 1 + across)]])
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Shift+ArrowLeft')
  expect((await selected(page)).length).toBeGreaterThan(1)
  await page.getByRole('button', { name: 'Clear the selection' }).click()
  await page.getByRole('button', { name: 'Sort by size' }).click()
  await expect.poll(async () => (await order()).at(2)).toMatch(/png$/)
  await page.getByRole('button', { name: 'Sort by name' }).click()
  await page.getByRole('button', { name: 'Shown as' }).click()
  await page.getByRole('menuitem', { name: 'List', exact: true }).click()
  await row(page, 'a.txt').waitFor()
})

test('a frame drawn around files selects them', async () => {
  await open(page, '/views')
  const [from, to] = [await row(page, 'a.txt').boundingBox(), await row(page, 'c.txt').boundingBox()]
  if (!from || !to) throw new Error('no rows')
  await page.mouse.move(from.x + from.width - 90, from.y + 10)
  await page.mouse.down()
  await page.mouse.move(to.x + to.width - 300, to.y + 20, { steps: 5 })
  expect(await selected(page)).toEqual(['a.txt', 'b.txt', 'c.txt'])
  await page.mouse.up()
  expect(await selected(page)).toEqual(['a.txt', 'b.txt', 'c.txt'])
  await page.getByText('3 selected').waitFor()
})

test('files are dragged to a folder, the way and the tree, and undo brings them back', async () => {
  await open(page, '/views')
  await row(page, 'b.txt').locator('.grip').dragTo(row(page, 'inner'))
  await expect.poll(() => names('/views/inner')).toEqual(['b.txt'])
  await page.getByText('1 item moved to “inner”.').waitFor()
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await expect.poll(() => names('/views/inner')).toEqual([])
  await row(page, 'b.txt').waitFor()

  await page.getByRole('navigation', { name: 'Places' }).getByRole('button', { name: 'Folders in “All files”' }).click()
  const tree = page.getByRole('navigation', { name: 'Places' })
  await row(page, 'c.txt').locator('.grip').dragTo(tree.getByRole('link', { name: 'inner' }))
  await expect.poll(() => names('/views/inner')).toEqual(['c.txt'])
  await tree.getByRole('link', { name: 'inner' }).click()
  await row(page, 'c.txt').locator('.grip').dragTo(page.getByRole('navigation', { name: 'Folders on the way' }).getByRole('link', { name: 'views' }))
  await expect.poll(() => names('/views/inner')).toEqual([])
  await shoot(page, 'tree-1440-light')
  await accessible(page, 'the tree')
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

test('the palette does what is typed, by keyboard alone', async () => {
  await open(page, '/views')
  await row(page, 'b.txt').click({ position: { x: 500, y: 10 } })
  await page.keyboard.press('Control+k')
  const palette = page.getByRole('dialog', { name: 'Commands' })
  await palette.getByRole('option', { name: 'Rename' }).waitFor()
  await accessible(page, 'the palette')
  await shoot(page, 'palette-1440-light')
  await page.keyboard.type('make a fav')
  await page.keyboard.press('Enter')
  await row(page, 'b.txt').locator('.star.on').waitFor()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('Favourites')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/apps/files/favorites')
  await row(page, 'b.txt').waitFor()
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
  await help.getByText('Make a favourite, or none any more').waitFor()
  await page.keyboard.press('Escape')
})

test.each(['favorites', 'recent', 'tags'])('the list of %s', async list => {
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

test('what is no favourite any more leaves the list, which follows what others do', async () => {
  await page.setViewportSize(desktop)
  await page.goto(`${base}/apps/files/favorites`)
  await row(page, 'b.txt').waitFor()
  await row(page, 'b.txt').click({ position: { x: 500, y: 10 } })
  await page.keyboard.press('s')
  await row(page, 'b.txt').waitFor({ state: 'detached' })
  await page.goto(`${base}/apps/files/recent`)
  await row(page, 'c.txt').waitFor()
  await dav('PUT', '/views/from elsewhere.txt', 'x')
  await row(page, 'from elsewhere.txt').waitFor()
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
