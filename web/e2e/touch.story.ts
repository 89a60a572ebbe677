import type { Locator, Page, Request } from 'playwright-core'
import { expect, test } from 'vitest'
import { base, browser, desktop, open, row, shoot, signIn } from './browser'
import { png } from './samples'
import { dav, ocs } from './server'

const b = browser('finger')

/** Pulls a list down, and waits until it has been asked for again and the mark is gone. */
async function pulled(page: Page, list: Locator, asked: (request: Request) => boolean): Promise<void> {
  const finger = await page.context().newCDPSession(page)
  const at = (type: 'touchStart' | 'touchMove' | 'touchEnd', y?: number) => finger.send('Input.dispatchTouchEvent', { type, touchPoints: y === undefined ? [] : [{ x: 180, y }] })
  const { y: top = 0 } = (await list.boundingBox()) ?? {}
  await at('touchStart', top + 20)
  for (const far of [30, 80, 130, 180]) await at('touchMove', top + far)
  await page.locator('.pull.due span').waitFor()
  await shoot(page, 'pull-360-light')
  const again = page.waitForRequest(asked)
  await at('touchEnd')
  await again
  await page.locator('.pull').waitFor({ state: 'detached' })
}

test('with fingers, a tap opens, and selects once something is selected', async () => {
  await dav('MKCOL', '/touch')
  await dav('MKCOL', '/touch/inner')
  for (const name of ['a.txt', 'b.txt']) await dav('PUT', `/touch/${name}`, name)
  const page = await b.page({ ...desktop, width: 360, height: 740 })
  const selected = () => page.getByRole('row', { selected: true }).evaluateAll(rows => rows.map(r => r.getAttribute('aria-label')?.split(',')[0]))
  await signIn(page)
  await open(page, '/touch')

  await row(page, 'inner').locator('.details').tap()
  await page.getByText('This folder is empty').waitFor()
  await page.getByRole('link', { name: 'touch' }).tap()

  await page.getByLabel('Select a.txt').tap()
  await row(page, 'b.txt').locator('.details').tap()
  expect((await selected()).slice().sort()).toEqual(['a.txt', 'b.txt'])
  await row(page, 'a.txt').locator('.details').tap()
  expect(await selected()).toEqual(['b.txt'])

  await row(page, 'b.txt').getByRole('button', { name: 'Actions for' }).tap()
  await page.getByRole('menuitem', { name: 'Rename' }).tap()
  await page.getByLabel('New name of b.txt').fill('c.txt')
  await page.getByLabel('New name of b.txt').press('Enter')
  await row(page, 'c.txt').waitFor()

  await pulled(page, page.getByRole('grid', { name: 'Files' }), r => r.method() === 'PROPFIND' && r.headers().depth === '1' && r.url().endsWith('/touch'))
  expect(await selected()).toEqual(['c.txt']) // nothing was pressed on the way

  const small = await page.locator('button:visible, a:visible, input[type=checkbox]:visible').evaluateAll(all => all.map(e => {
    const box = (e.closest('label') ?? e).getBoundingClientRect()
    return Math.min(box.width, box.height) < 24 ? `${e.tagName} ${e.className} ${e.textContent?.trim()} ${Math.round(box.width)}×${Math.round(box.height)}` : ''
  }).filter(Boolean))
  expect(small, 'targets smaller than 24 pixels').toEqual([])
})

test('the other lists are listed again when they are pulled', async () => {
  await dav('PUT', '/touch/pulled.png', png(90, 60, 1))
  await dav('PUT', '/touch/gone.txt', 'x')
  await dav('DELETE', '/touch/gone.txt')
  await ocs('POST', '/apps/files_sharing/api/v1/shares', { path: '/touch', shareType: 3 })
  const page = await b.page({ ...desktop, width: 360, height: 740 })
  await page.goto(`${base}/apps/files/trashbin`)
  await page.getByRole('row', { name: /^gone\.txt/ }).waitFor()
  await pulled(page, page.getByRole('grid', { name: 'Trash' }), r => r.method() === 'PROPFIND' && r.url().includes('/trashbin/'))
  await page.goto(`${base}/apps/files/sharinglinks`)
  await page.getByRole('link', { name: /touch/ }).waitFor()
  await pulled(page, page.getByRole('list', { name: 'Links' }), r => r.url().includes('/files_sharing/api/v1/shares'))
  await page.goto(`${base}/apps/photos`)
  await page.getByRole('option', { name: /^pulled\.png/ }).waitFor()
  await pulled(page, page.getByRole('listbox', { name: 'Photos' }), r => r.url().includes('/apps/media/api/v1/days'))
  await page.goto(`${base}/apps/photos/albums`)
  await page.getByRole('heading', { level: 1, name: 'Albums' }).waitFor()
  await pulled(page, page.locator('main .pullable'), r => r.method() === 'PROPFIND' && r.url().endsWith('/albums'))
})
