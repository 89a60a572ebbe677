import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, looked } from './axe'
import { base, browser, desktop, signIn } from './browser'
import { ocs } from './server'

const b = browser()
let page: Page

const heading = (name: string) => page.getByRole('heading', { level: 1, name })
const valueOf = async (app: string, name: string): Promise<string> =>
  (await ocs<{ data: string }>('GET', `/apps/provisioning_api/api/v1/config/apps/${app}/${name}`)).data

beforeAll(async () => {
  await ocs('POST', '/cloud/users', { userid: 'visitor', password: 'Kqz7-rain-oboe' })
  page = await b.page(desktop)
  await signIn(page)
})

test('the account leads to the administration, which begins with how the server is', async () => {
  await page.getByTitle('Your account').click()
  await page.getByRole('menuitem', { name: 'Administration' }).click()
  await heading('Overview').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'Database' }).getByText('answers in').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'Mail' }).getByText('ATRIUM_MAIL_HOST').waitFor()
  await looked(page, 'admin-overview')
})

test('a setting is found by its words, changed, and put back', async () => {
  await page.getByLabel('Search all settings').fill('links last longer')
  await page.getByRole('link', { name: 'Links cannot last longer' }).click()
  const found = page.locator('#core-shareapi_enforce_expire_date')
  await found.getByText('Default').waitFor()
  await expect.poll(() => found.evaluate(e => e === document.activeElement)).toBe(true)
  await looked(page, 'admin-sharing')

  const days = page.getByRole('switch', { name: 'New links end by themselves' })
  await days.focus()
  await page.keyboard.press('Space')
  await page.getByLabel('Links end after', { exact: true }).fill('0')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'from 1 to 3650' }).waitFor()
  await page.getByLabel('Links end after', { exact: true }).fill('30')
  await page.keyboard.press('Enter')
  await page.locator('#core-shareapi_expire_after_n_days').getByText('Set here').waitFor()
  expect([await valueOf('core', 'shareapi_default_expire_date'), await valueOf('core', 'shareapi_expire_after_n_days')]).toEqual(['yes', '30'])
  await page.getByRole('button', { name: 'The command for: Links end after' }).click()
  await page.getByText('atrium config:app:set core shareapi_expire_after_n_days --value=30').waitFor()
  for (const label of ['Links end after', 'New links end by themselves']) await page.getByRole('button', { name: `Back to the default: ${label}` }).click()
  await expect.poll(() => valueOf('core', 'shareapi_default_expire_date')).toBe('')
  b.forgive(/400/)
})

test('who must have a second factor, and how good passwords must be', async () => {
  await page.getByRole('link', { name: 'Security' }).click()
  await page.getByLabel('Nobody must; whoever wants to, may').waitFor()
  await page.getByRole('switch', { name: 'A digit is asked for' }).click()
  await expect.poll(() => valueOf('password_policy', 'enforceNumericCharacters')).toBe('1')
  await page.getByRole('button', { name: 'Back to the default: A digit is asked for' }).click()
  await page.getByLabel('The members of some groups must').check()
  await page.getByLabel('These groups').fill('admin')
  await page.getByText(/^atrium twofactorauth:enforce --on .*--group=admin\b/).waitFor()
  await looked(page, 'admin-security')
})

test('groups are made, renamed and deleted', async () => {
  await page.getByRole('link', { name: 'Groups' }).click()
  await page.getByRole('button', { name: 'New group' }).click()
  await page.keyboard.type('orchestra')
  await page.keyboard.press('Enter')
  await page.getByText('The group orchestra is made.').waitFor()
  await page.getByRole('button', { name: 'Rename orchestra' }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('The orchestra')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'The orchestra' }).waitFor()
  await looked(page, 'admin-groups')
  await page.getByRole('button', { name: 'Delete The orchestra' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete group' }).click()
  await page.getByRole('link', { name: 'The orchestra' }).waitFor({ state: 'detached' })
})

test('a part is switched off and on', async () => {
  await page.getByRole('link', { name: 'Parts' }).click()
  const tags = page.getByRole('switch', { name: 'Profiles' })
  await tags.click()
  await page.getByText('Profiles is off.').waitFor()
  expect((await ocs<{ apps: string[] }>('GET', '/cloud/apps?filter=disabled')).apps).toEqual(['profile'])
  await tags.click()
  await page.getByText('Profiles is on.').waitFor()
  await looked(page, 'admin-parts')
})

test('something is announced and taken back', async () => {
  await page.getByRole('link', { name: 'Announcements' }).click()
  await page.getByLabel('Subject').fill('The server rests on Sunday')
  await page.getByLabel('Some people').check()
  await page.getByLabel('Logins').fill('admin')
  await page.getByRole('button', { name: 'Announce', exact: true }).click()
  const standing = page.getByRole('list', { name: 'What stands' })
  await standing.getByText('The server rests on Sunday').waitFor()
  await looked(page, 'admin-announcements')
  await page.getByRole('button', { name: 'Take back “The server rests on Sunday”' }).click()
  await page.getByText('Nothing is announced.').waitFor()
})

test('work in the background, the audit log, mail and the configuration', async () => {
  await page.getByRole('link', { name: 'Background work' }).click()
  await page.getByRole('button', { name: 'Run now passwords.tidy' }).click()
  await page.getByText('passwords.tidy is begun.').waitFor()
  await looked(page, 'admin-jobs')
  await page.getByRole('link', { name: 'Audit log' }).click()
  await page.getByRole('list', { name: 'Audit log' }).getByRole('listitem').first().waitFor()
  await looked(page, 'admin-audit')
  await page.getByRole('link', { name: 'Mail', exact: true }).click()
  await page.getByText('No mail server is set up yet').waitFor()
  await looked(page, 'admin-mail')
  await page.getByLabel('Search all settings').fill('quota.default')
  await page.getByRole('link', { name: 'quota.default' }).click()
  await page.locator('#conf-quota.default, [id="conf-quota.default"]').last().getByText('Environment: ATRIUM_QUOTA_DEFAULT').waitFor()
  expect(await page.evaluate(() => document.scrollingElement?.scrollTop)).toBe(0) // only the page within the frame scrolls
  await looked(page, 'admin-configuration')
})

test('who administers nothing is told so', async () => {
  await b.forget()
  const other = await b.page(desktop)
  await other.goto(`${base}/login?redirect_url=${encodeURIComponent('/settings/admin')}`)
  await other.getByLabel('Login or e-mail address').fill('visitor')
  await other.getByLabel('Password').fill('Kqz7-rain-oboe')
  await other.getByRole('button', { name: 'Log in', exact: true }).click()
  await other.getByRole('heading', { name: 'This is for administrators' }).waitFor()
  await accessible(other, 'not for you')
})
