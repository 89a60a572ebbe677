import { expect, test } from 'vitest'
import { browser, desktop, open, row, shoot, signIn } from './browser'
import { dav } from './server'

const b = browser('finger')

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

  const finger = await page.context().newCDPSession(page)
  const at = (type: 'touchStart' | 'touchMove' | 'touchEnd', y?: number) => finger.send('Input.dispatchTouchEvent', { type, touchPoints: y === undefined ? [] : [{ x: 180, y }] })
  const { y: top = 0 } = (await page.getByRole('grid', { name: 'Files' }).boundingBox()) ?? {}
  await at('touchStart', top + 20)
  for (const far of [30, 80, 130, 180]) await at('touchMove', top + far)
  await page.locator('.pull.due span').waitFor()
  await shoot(page, 'pull-360-light')
  const again = page.waitForRequest(request => request.method() === 'PROPFIND' && request.headers().depth === '1' && request.url().endsWith('/touch'))
  await at('touchEnd')
  await again
  await page.locator('.pull').waitFor({ state: 'detached' })
  expect(await selected()).toEqual(['c.txt']) // nothing was pressed on the way

  const small = await page.locator('button:visible, a:visible, input[type=checkbox]:visible').evaluateAll(all => all.map(e => {
    const box = (e.closest('label') ?? e).getBoundingClientRect()
    return Math.min(box.width, box.height) < 24 ? `${e.tagName} ${e.className} ${e.textContent?.trim()} ${Math.round(box.width)}×${Math.round(box.height)}` : ''
  }).filter(Boolean))
  expect(small, 'targets smaller than 24 pixels').toEqual([])
})
