import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { base, browser, desktop, signIn } from './browser'
import { Branch } from './directory'
import { ocs } from './server'

const b = browser()
const root = '/apps/user_ldap/api/v1'
const hostile = '<img src=x onerror=alert(1)> مديرة'
let page: Page
let branch: Branch
let grace: string
const step = (name: string) => page.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name })

beforeAll(async () => {
  branch = new Branch()
  const ada = branch.person('ada', 'Ada Lovelace')
  grace = branch.person('grace', hostile)
  branch.add(`cn=crew,${branch.dn}`, { objectClass: ['groupOfNames'], cn: ['crew'], member: [ada, grace] })
  page = await b.page(desktop)
  await signIn(page)
})
afterAll(async () => {
  for (const c of await ocs<{ configID: string }[]>('GET', `${root}/config`)) await ocs('DELETE', `${root}/config/${c.configID}`)
  for (const uid of ['ada', 'grace']) await ocs('DELETE', `/cloud/users/${uid}`).catch(() => undefined)
  branch.remove()
})

test('a directory is set up step by step, and each step is tried', async () => {
  await page.goto(`${base}/settings/admin/ldap`)
  await page.getByRole('heading', { name: 'There is no directory yet' }).waitFor()
  await page.getByRole('button', { name: 'Add a directory' }).click()
  const host = page.getByLabel('Address of the directory')
  await expect.poll(() => host.evaluate(e => e === document.activeElement)).toBe(true)
  await host.fill('ldap://127.0.0.1:1')
  await page.getByRole('button', { name: 'Try the server' }).click()
  await page.getByText(/connection refused/).waitFor()
  await host.fill(branch.address)
  await page.getByLabel('Who searches (DN)', { exact: true }).fill(branch.reader.dn)
  await page.getByLabel('Password of who searches').fill('wrong')
  await page.getByRole('button', { name: 'Try the server' }).click()
  await page.getByText('The directory does not accept the account that we search with.').waitFor()
  await page.getByLabel('Password of who searches').fill(branch.reader.password)
  await page.getByRole('button', { name: 'Try the server' }).click()
  await page.getByText(`${branch.address} answers.`).waitFor()
  await page.getByRole('button', { name: `Search in ${branch.top}` }).click()
  expect(await page.getByLabel('Where to search (base DN)').inputValue()).toBe(branch.top)
  await page.getByLabel('Where to search (base DN)').fill(branch.dn)
  await looked(page, 'admin-ldap-server')

  await page.getByRole('button', { name: 'Next: Accounts' }).click()
  await page.getByLabel('Filter of people').fill('(objectClass=inetOrgPerson')
  await page.getByRole('button', { name: 'Find people' }).click()
  await page.getByRole('alert').filter({ hasText: 'ldapUserFilter' }).waitFor()
  await page.getByLabel('Filter of people').fill('(objectClass=inetOrgPerson)')
  await page.getByLabel('Attribute that names a new account').fill('uid')
  await page.getByRole('button', { name: 'Next: Fields' }).click()
  await page.getByLabel('Mail address').fill('mail')
  await page.getByLabel('Quota', { exact: true }).fill('employeeType')
  await page.getByRole('button', { name: 'Find people' }).click()
  await page.getByText('2 people are found.').waitFor()
  await page.getByRole('row', { name: 'ada Ada Lovelace ada@corp.example 3 GB' }).waitFor()
  await looked(page, 'admin-ldap-people')
  b.forgive(/400/)
})

test('a login is tried before anything is saved', async () => {
  await step('Groups').click()
  await page.getByLabel('Filter of groups').fill('(objectClass=groupOfNames)')
  await page.getByLabel('Attribute that lists members').fill('member')
  await page.getByRole('button', { name: 'Find groups' }).click()
  await page.getByText('1 group is found.').waitFor()
  const trial = page.getByRole('region', { name: 'Try it before anybody signs in' })
  await trial.getByLabel('Login to try').fill('grace')
  await trial.getByLabel('Password (optional)').fill('pw')
  await page.keyboard.press('Enter')
  await trial.getByText('A new account is made: grace.').waitFor()
  await trial.getByText('The password is right.').waitFor()
  await trial.getByText(hostile).waitFor()
  await trial.getByText('crew', { exact: true }).waitFor()
  await looked(page, 'admin-ldap-trial', () => trial.getByRole('status').first().scrollIntoViewIfNeeded())
  expect(await ocs<unknown[]>('GET', `${root}/config`)).toEqual([])
})

test('it is saved by keyboard, and its password never comes back', async () => {
  await page.getByLabel('The directory is in use').focus()
  await page.keyboard.press('Space')
  await page.getByText(/^atrium ldap:set-config s01 ldapHost /).waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByText(`${branch.address} is saved.`).waitFor()
  await step('Connection').click()
  expect(await page.getByLabel('Password of who searches').inputValue()).toBe('')
  const [made] = await ocs<{ configID: string; active: boolean }[]>('GET', `${root}/config`)
  expect(made?.active).toBe(true)
})

test('what a sync would do is shown, and who is gone is listed', async () => {
  await page.getByRole('button', { name: 'All directories' }).click()
  await page.getByRole('button', { name: 'Show what would change' }).click()
  const changes = page.getByRole('list', { name: 'What changes' })
  await changes.getByText('grace', { exact: true }).waitFor()
  await changes.getByText('Joins the groups: crew').first().waitFor()
  await looked(page, 'admin-ldap')
  await page.getByRole('button', { name: 'Sync now' }).click()
  await page.getByText('The sync is begun.').waitFor()
  await expect.poll(() => ocs('GET', '/cloud/users/grace').then(() => true, () => false), { timeout: 60_000 }).toBe(true)
  branch.remove(grace)
  await page.getByRole('button', { name: 'Sync now' }).click()
  await expect.poll(() => ocs<unknown[]>('GET', `${root}/remnants`).then(all => all.length), { timeout: 60_000 }).toBe(1)
  await page.reload()
  await page.getByRole('list', { name: 'No longer in a directory' }).getByText('grace').waitFor()
})
