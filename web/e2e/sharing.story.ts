import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, looked } from './axe'
import { base, browser, desktop, open, row, shoot, signIn } from './browser'
import { dav, ocs } from './server'

const b = browser()
let page: Page
const details = () => page.getByRole('complementary', { name: 'Details' })
const shares = async (): Promise<{ share_type: number; share_with: string; permissions: number; url?: string; note: string }[]> =>
  ocs('GET', '/apps/files_sharing/api/v1/shares?path=/joint')

beforeAll(async () => {
  await ocs('POST', '/cloud/users', { userid: 'berta', password: 'correct horse battery', displayName: 'Berta Brecht' })
  await ocs('POST', '/cloud/groups', { groupid: 'choir' })
  await dav('MKCOL', '/joint')
  await dav('PUT', '/joint/a.txt', 'one', { 'X-OC-MTime': '1700000000' })
  await dav('PUT', '/joint/a.txt', 'two of them')
  page = await b.page(desktop)
  await signIn(page)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: base })
})

test('a folder is shared with somebody, in three steps', async () => {
  await open(page, '/')
  await page.getByLabel('Select joint').check()
  await page.getByRole('button', { name: 'Details' }).click()
  await details().getByRole('tab', { name: 'Sharing' }).click()
  await details().getByRole('combobox', { name: 'Share with' }).fill('bert')
  await details().getByRole('option', { name: /Berta Brecht/ }).click()
  await page.getByText('Berta Brecht can see “joint” now.').waitFor()
  expect(await shares()).toMatchObject([{ share_type: 0, share_with: 'berta', permissions: 1 }])
})

test('what somebody may do is changed, and what else holds', async () => {
  await details().getByLabel('What Berta Brecht may do').selectOption({ label: 'Can edit' })
  await expect.poll(async () => (await shares())[0]?.permissions).toBe(15)
  await details().getByRole('button', { name: 'More for Berta Brecht' }).click()
  await page.getByRole('menuitem', { name: 'Rights, end, note' }).click()
  const dialog = page.getByRole('dialog', { name: 'Shared with Berta Brecht' })
  await accessible(page, 'a share')
  await dialog.getByLabel('Delete').uncheck()
  await dialog.getByLabel('Note').fill('Please read')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  expect(await shares()).toMatchObject([{ permissions: 7, note: 'Please read' }])
  await details().getByText('Note').waitFor()
})

test('by keys alone, with a group', async () => {
  await details().getByRole('combobox', { name: 'Share with' }).focus()
  await page.keyboard.type('choi')
  await details().getByRole('option', { name: 'choir' }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByText('choir can see “joint” now.').waitFor()
})

test('a link is made and copied with one click', async () => {
  await details().getByRole('button', { name: 'Create a link and copy it' }).click()
  await page.getByText('The link is in the clipboard.').waitFor()
  const url = (await shares()).find(s => s.share_type === 3)?.url
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(url)
})

test('it looks well', async () => {
  await looked(page, 'sharing', () => details().getByText('choir').waitFor())
})

test('sharing ends', async () => {
  await details().getByRole('button', { name: 'More for Berta Brecht' }).click()
  await page.getByRole('menuitem', { name: 'Stop sharing' }).click()
  await page.getByText('Berta Brecht cannot see it any more.').waitFor()
  expect((await shares()).map(s => s.share_type).sort()).toEqual([1, 3])
})

test('what is shared is listed', async () => {
  await page.getByRole('link', { name: 'Shared by me' }).click()
  await page.getByRole('list', { name: 'Shared by me' }).getByRole('link', { name: /joint/ }).waitFor()
  await accessible(page, 'shared by me')
  await shoot(page, 'shared-out')
  await page.getByRole('link', { name: 'Links' }).click()
  await page.getByRole('list', { name: 'Links' }).getByRole('link', { name: /joint/ }).click()
  await row(page, 'a.txt').waitFor()
})

test('a file is as it was before', async () => {
  await page.getByLabel('Select a.txt').check()
  await page.getByRole('button', { name: 'Details' }).click()
  await details().getByRole('tab', { name: 'Versions' }).click()
  await details().getByRole('button', { name: /Actions for the version/ }).click()
  await page.getByRole('menuitem', { name: 'Restore' }).click()
  await page.getByText(/“a.txt” is as it was/).waitFor()
  expect(await (await dav('GET', '/joint/a.txt')).text()).toBe('one')
})
