import { expect, test } from 'vitest'
import { base, browser, password, ready, row, user } from './browser'
import { dav, names } from './server'

const b = browser()

test('everything can be done without a mouse', async () => {
  await dav('MKCOL', '/keys')
  for (const name of ['alpha.txt', 'beta.txt', 'gamma.txt']) await dav('PUT', `/keys/${name}`, name)
  const page = await b.page()
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim())
  const tabTo = async (name: string): Promise<void> => {
    for (let i = 0; i < 30 && (await focused()) !== name; i++) await press('Tab')
    expect(await focused()).toBe(name)
  }
  const selected = () => page.getByRole('row', { selected: true }).evaluateAll(rows => rows.map(r => r.getAttribute('aria-label')?.split(',')[0]))

  await page.goto(`${base}/login`)
  await page.locator('#user:focus').waitFor()
  await page.keyboard.type(user)
  await press('Tab')
  await page.keyboard.type(password)
  await press('Enter')
  await page.waitForURL('**/apps/files/files')
  await ready(page)

  const inGrid = () => page.evaluate(() => document.activeElement?.getAttribute('role') === 'grid')
  await tabTo('Files')
  for (let i = 0; i < 30 && !(await inGrid()); i++) await press('Tab')
  await page.keyboard.type('keys')
  expect(await selected()).toEqual(['keys'])
  await press('Enter')
  await row(page, 'alpha.txt').waitFor()

  await press('Home', 'Shift+ArrowDown')
  expect(await selected()).toEqual(['alpha.txt', 'beta.txt'])
  await press('Control+ArrowDown', 'Space')
  expect(await selected()).toEqual(['alpha.txt', 'beta.txt', 'gamma.txt'])
  await press('Escape')
  expect(await selected()).toEqual([])
  await press('Control+a')
  expect(await selected()).toHaveLength(3)

  await press('Home', 'F2')
  await page.getByLabel('New name of alpha.txt').waitFor()
  await page.keyboard.type('omega')
  await press('Enter')
  await row(page, 'omega.txt').waitFor()
  expect(await selected()).toEqual(['omega.txt'])

  await press('Home', 'Delete')
  await expect.poll(() => names('/keys')).toEqual(['gamma.txt', 'omega.txt'])
  await page.getByRole('button', { name: 'Undo' }).last().waitFor()
  await press('Control+z')
  await expect.poll(() => names('/keys')).toEqual(['beta.txt', 'gamma.txt', 'omega.txt'])
  await row(page, 'beta.txt').waitFor()

  await press('Home', 'Shift+Delete')
  await page.getByRole('dialog', { name: 'Delete “beta.txt” for good?' }).waitFor()
  expect(await focused()).toBe('Cancel')
  await press('Tab', 'Enter')
  await expect.poll(() => names('/keys')).toEqual(['gamma.txt', 'omega.txt'])
  await row(page, 'beta.txt').waitFor({ state: 'detached' })
  await expect.poll(inGrid).toBe(true)

  await press('Shift+F10')
  await page.getByRole('menu', { name: 'Actions' }).waitFor()
  await press('End')
  expect(await focused()).toBe('Delete')
  await press('Escape')
  expect(await inGrid()).toBe(true)

  await page.getByLabel('Filter by name').focus()
  await page.keyboard.type('OME')
  await expect.poll(() => page.getByRole('row').count()).toBe(1)
  await press('Escape')
  await expect.poll(() => page.getByRole('row').count()).toBe(2)

  await press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  await press('Escape')

  await tabTo('New')
  await press('Enter', 'Enter')
  await page.getByRole('dialog', { name: 'New folder' }).waitFor()
  await page.keyboard.type('made by keys')
  await press('Enter')
  await row(page, 'made by keys').waitFor()
  await expect.poll(() => selected()).toEqual(['made by keys'])

  await press('Backspace')
  const active = () => page.evaluate(() => document.getElementById(document.querySelector('[role=grid]')?.getAttribute('aria-activedescendant') ?? '')?.getAttribute('aria-label'))
  await expect.poll(active).toMatch(/^keys,/)
  expect(await selected()).toEqual([])
  await press('Enter')
  await row(page, 'gamma.txt').waitFor()
})
