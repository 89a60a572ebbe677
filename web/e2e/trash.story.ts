import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, looked } from './axe'
import { browser, desktop, signIn } from './browser'
import { dav, names } from './server'

const b = browser()
let page: Page
const thing = (name: string) => page.getByRole('grid', { name: 'Trash' }).getByRole('row', { name: new RegExp(`^${name}`) })

beforeAll(async () => {
  await dav('DELETE', '/../../trashbin/admin/trash') // what other stories left
  await dav('MKCOL', '/bin')
  for (const name of ['kept.txt', 'gone.txt', 'by hand.txt', 'more.txt']) {
    await dav('PUT', `/bin/${name}`, name)
    await dav('DELETE', `/bin/${name}`)
  }
  page = await b.page(desktop)
  await signIn(page)
})

test('what was deleted is put back, or deleted for good', async () => {
  await page.getByRole('link', { name: 'Trash' }).click()
  await thing('kept.txt').waitFor()
  await accessible(page, 'the trash')
  await page.getByLabel('Select kept.txt').check()
  await page.getByRole('button', { name: 'Restore' }).click()
  await page.getByText('“kept.txt” is back.').waitFor()
  expect(await names('/bin')).toEqual(['kept.txt'])

  await thing('gone.txt').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Delete for good' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click()
  await thing('gone.txt').waitFor({ state: 'detached' })
})

test('the trash looks well', async () => {
  await looked(page, 'trash', () => thing('more.txt').waitFor())
})

test('by keys alone, to the end', async () => {
  await page.getByRole('grid', { name: 'Trash' }).focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Enter')
  await expect.poll(() => names('/bin')).toEqual(['by hand.txt', 'kept.txt', 'more.txt'])
  await page.getByText('The trash is empty').waitFor()
})
