import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, looked } from './axe'
import { base, browser, desktop, shoot, signIn } from './browser'
import { many, ocs } from './server'

const b = browser()
let page: Page
const row = (name: string) => page.getByRole('row', { name: `${name}, ` })
const dialog = () => page.getByRole('dialog')
const accountOf = (id: string) => ocs<{ displayname: string; email: string; groups: string[]; enabled: boolean; quota: { quota: number } }>('GET', `/cloud/users/${id}`)

/** Searches, and waits for the answer. */
async function search(text: string, name: string): Promise<void> {
  await page.getByLabel('Search by name, login or address').fill(text)
  await row(name).waitFor()
}

beforeAll(async () => {
  for (const groupid of ['oboes', 'staff of the harbour office']) await ocs('POST', '/cloud/groups', { groupid })
  const people = [['grace', 'Grace Hopper'], ['leila', 'ليلى العامرية'], ['long', 'Somebody with a name that is rather longer than any list of people would like it to be'], ['mina', 'Mina Harker']]
  await many(people.length, i => ocs('POST', '/cloud/users', { userid: people[i]?.[0], displayName: people[i]?.[1], password: 'Kqz7-rain-oboe', groups: ['oboes'] }))
  await many(230, i => ocs('POST', '/cloud/users', { userid: `crowd${String(i).padStart(3, '0')}`, email: `crowd${i}@example.org` }))
  page = await b.page(desktop)
  await signIn(page)
  await page.goto(`${base}/settings/admin/people`)
}, 120_000)

test('an account is made, changed, disabled and deleted', async () => {
  await page.getByRole('button', { name: 'New account' }).click()
  await dialog().getByLabel('Login').fill('ada')
  await dialog().getByLabel('Name (optional)').fill('Ada')
  await dialog().getByRole('button', { name: 'Make account' }).click()
  await dialog().getByText('Please give a password').waitFor()
  await dialog().getByLabel('Password', { exact: true }).fill('Kqz7-rain-oboe')
  await dialog().getByLabel('Groups').fill('oboes')
  await accessible(page, 'a new account')
  await shoot(page, 'people-new')
  await dialog().getByRole('button', { name: 'Make account' }).click()
  await page.getByText('The account of Ada is made.').waitFor()
  expect((await accountOf('ada')).groups).toEqual(['oboes'])

  await search('ada', 'Ada')
  await page.getByText('1 account', { exact: true }).waitFor() // the answer to the search, not what was there before
  await row('Ada').dblclick()
  await dialog().getByLabel('Name', { exact: true }).fill('Ada Lovelace')
  await dialog().getByLabel('Mail address').fill('ada@example.org')
  await dialog().getByLabel('Room').fill('5 GB')
  await looked(page, 'people-edit')
  await dialog().getByRole('button', { name: 'Take away oboes' }).click()
  await dialog().getByRole('button', { name: 'Save' }).click()
  await row('Ada Lovelace').waitFor()
  expect(await accountOf('ada')).toMatchObject({ displayname: 'Ada Lovelace', email: 'ada@example.org', groups: [], quota: { quota: 5 * 1024 ** 3 } })

  await row('Ada Lovelace').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Disable' }).click()
  await row('Ada Lovelace').getByText('Disabled').waitFor()
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await dialog().getByLabel('Give them to somebody else first').check()
  await dialog().getByLabel('Login of who gets them').fill('grace')
  await shoot(page, 'people-delete')
  await dialog().getByRole('button', { name: 'Delete for good' }).click()
  await row('Ada Lovelace').waitFor({ state: 'detached' })
})

test('more people come as one scrolls, and the list looks well', async () => {
  await page.getByLabel('Search by name, login or address').fill('')
  await row('crowd000').waitFor()
  await looked(page, 'people-list')
  const grid = page.getByRole('grid', { name: 'People' })
  await grid.focus()
  await page.keyboard.press('End')
  await expect.poll(async () => { await page.keyboard.press('End'); return page.getByText(/^2\d\d accounts$/).count() }).toBe(1)
})

test('by keys alone: select several, put them into a group', async () => {
  await page.getByLabel('Search by name, login or address').focus()
  await page.keyboard.type('crowd00')
  await expect.poll(() => page.getByText('10 accounts').count()).toBe(1)
  await page.getByRole('grid', { name: 'People' }).focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Shift+F10')
  await page.keyboard.press('Enter')
  await dialog().getByLabel('Put them into').waitFor()
  await page.keyboard.type('oboes')
  await page.keyboard.press('Enter')
  await dialog().getByText('oboes').first().waitFor()
  await dialog().getByRole('button', { name: 'Change' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('2 accounts changed.').waitFor()
  expect((await accountOf('crowd001')).groups).toEqual(['oboes'])
})

test('a list of people is tried before anything is made', async () => {
  await page.getByRole('button', { name: 'Import' }).click()
  const csv = 'login;name;email;password;groups\nivy;Ivy;;Kqz7-rain-oboe;oboes\nivy;Again;;Kqz7-rain-oboe;\ngrace;;;Kqz7-rain-oboe;\nzoe;;;Kqz7-rain-oboe;crew\n'
  await dialog().getByLabel('File').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await dialog().getByText('1 line is good.').waitFor()
  expect(await dialog().getByRole('list', { name: 'Bad lines' }).getByRole('listitem').allTextContents()).toEqual([
    'Line 3 The login “ivy” stands in line 2 already.', 'Line 4 There is an account “grace” already.', 'Line 5 There is no group “crew”.',
  ])
  await looked(page, 'people-import')
  await dialog().getByRole('button', { name: 'Make 1 account' }).click()
  await dialog().getByText('1 account was made.').waitFor()
  await dialog().getByRole('button', { name: 'Done' }).click()
  expect((await accountOf('ivy')).groups).toEqual(['oboes'])
})
