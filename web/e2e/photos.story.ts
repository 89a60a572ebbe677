import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, looked } from './axe'
import { base, browser, desktop, shoot, signIn } from './browser'
import { jpeg, png, read } from './samples'
import { dav, names } from './server'

const b = browser()
let page: Page
const photos = () => page.getByRole('listbox', { name: 'Photos' })
const photo = (name: string) => photos().getByRole('option', { name: new RegExp(`^${name}`) })
const shapes: [number, number][] = [[600, 400], [400, 600], [500, 500], [900, 400], [640, 480]]

beforeAll(async () => {
  page = await b.page(desktop)
  await signIn(page)
  await dav('MKCOL', '/shots')
  await dav('MKCOL', '/shots/older')
  for (let i = 0; i < 40; i++) {
    const [width, height] = shapes[i % shapes.length] ?? [600, 400]
    const taken = new Date(Date.UTC(2031, 9 - Math.floor(i / 4), 20 - (i % 4)))
    await dav('PUT', `/shots/${i % 2 ? 'older/' : ''}p${String(i).padStart(2, '0')}.png`, png(width / 2, height / 2, i * 0.7), { 'X-OC-MTime': String(taken.getTime() / 1000) })
  }
  await dav('PUT', '/shots/with date.jpg', await jpeg(page, 900, 600, '2019:07:14 18:30:05'))
  await read('/shots/with date.jpg')
  await read('/shots/older/p39.png')
  await page.goto(`${base}/apps/photos`)
  await photo('p00.png').waitFor()
})

afterAll(() => dav('DELETE', '/shots')) // from the future: they would be the most recent files of all

test('photos by the month they were taken in', async () => {
  expect(await photos().getByRole('group').first().getAttribute('aria-label')).toBe('October 2031')
  await page.getByRole('slider', { name: 'Time' }).focus()
  await page.keyboard.press('End')
  await photo('with date.jpg, 14 July 2019').waitFor()
  expect(await photos().getByRole('option').count()).toBeLessThan(41) // not all of them are drawn
  await page.keyboard.press('Home')
  await photo('p00.png').waitFor()
  await accessible(page, 'photos')
})

test('opened, gone through, and come back from', async () => {
  await photo('p00.png').click()
  const viewer = page.locator('dialog.viewer')
  await viewer.getByRole('heading', { name: 'p00.png' }).waitFor()
  await page.keyboard.press('ArrowRight')
  await viewer.getByRole('heading', { name: 'p01.png' }).waitFor()
  await page.keyboard.press('Escape')
  await viewer.waitFor({ state: 'detached' })
  await photo('p00.png').waitFor()
})

test('selected by mouse and thrown away, and back again', async () => {
  await photo('p02.png').hover()
  await photo('p02.png').locator('.choose').click()
  await photo('p03.png').click()
  await page.getByText('2 selected').waitFor()
  await accessible(page, 'photos that are selected')
  await shoot(page, 'photos-selected')
  await page.getByRole('button', { name: 'Delete' }).click()
  await photo('p02.png').waitFor({ state: 'detached' })
  expect(await names('/shots')).not.toContain('p02.png')
  await page.getByRole('button', { name: 'Undo' }).click()
  await photo('p02.png').waitFor()
  await expect.poll(() => names('/shots')).toContain('p02.png')
})

test('by keys alone', async () => {
  await photos().focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press(' ')
  await page.keyboard.press('Shift+ArrowRight')
  await page.getByText('2 selected').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('2 selected').waitFor({ state: 'detached' })
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await page.locator('dialog.viewer').getByRole('heading', { name: 'p00.png' }).waitFor()
  await page.keyboard.press('Escape')
  await page.locator('dialog.viewer').waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('listbox')
})

test('the favourites are an album', async () => {
  const props = '<d:propertyupdate xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:set><d:prop><oc:favorite>1</oc:favorite></d:prop></d:set></d:propertyupdate>'
  await dav('PROPPATCH', '/shots/older/p05.png', props)
  await page.getByLabel('Shown photos').selectOption('Favourites')
  await photo('p05.png').waitFor()
  await photo('p00.png').waitFor({ state: 'detached' })
  await page.getByLabel('Shown photos').selectOption('All photos')
  await photo('p00.png').waitFor()
})

test('what carries a tag is an album', async () => {
  const made = await page.evaluate(async name => {
    const headers = { 'OCS-APIRequest': 'true', 'Content-Type': 'application/json' }
    const answer = await fetch('/remote.php/dav/systemtags/', { method: 'POST', headers, body: JSON.stringify({ name, userVisible: true, userAssignable: true }) })
    return answer.headers.get('Content-Location') ?? ''
  }, 'Anchorage')
  const tag = made.split('/').at(-1) ?? ''
  const found = await (await dav('PROPFIND', '/shots/p06.png', '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:fileid/></d:prop></d:propfind>', { Depth: '0' })).text()
  const file = /<oc:fileid>(\d+)</.exec(found)?.[1] ?? ''
  expect(await page.evaluate(async path => (await fetch(path, { method: 'PUT', headers: { 'OCS-APIRequest': 'true' } })).status, `/remote.php/dav/systemtags-relations/files/${file}/${tag}`)).toBe(201)
  await page.reload()
  await photo('p00.png').waitFor()
  await page.getByLabel('Shown photos').selectOption('Tag: Anchorage')
  await photo('p06.png').waitFor()
  await photo('p00.png').waitFor({ state: 'detached' })
  expect(await photos().getByRole('option').count()).toBe(1)
  await looked(page, 'photos-album')
  await page.getByLabel('Shown photos').focus() // by keys
  await page.keyboard.press('Home')
  await photo('p00.png').waitFor()
})

test('photos look well', async () => {
  await looked(page, 'photos', () => expect.poll(() => photos().locator('img').evaluateAll(all => all.length > 3 && all.every(i => (i as HTMLImageElement).complete))).toBe(true))
})
