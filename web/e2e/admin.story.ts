import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { browser, desktop, shoot, signIn } from './browser'
import { ocs } from './server'

const b = browser()
let page: Page
const looks = [1440, 360].flatMap(width => [false, true].map(dark => ({ width, height: width === 360 ? 740 : 900, dark })))

const heading = (name: string) => page.getByRole('heading', { level: 1, name })
const valueOf = async (app: string, name: string): Promise<string> =>
  (await ocs<{ data: string }>('GET', `/apps/provisioning_api/api/v1/config/apps/${app}/${name}`)).data

/** Looks at a page in both themes and widths. */
async function looked(name: string): Promise<void> {
  for (const look of looks) {
    await page.setViewportSize(look)
    await page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light', reducedMotion: 'reduce' })
    if ((look.width === 360) === look.dark) await accessible(page, `${name} ${look.width}`)
    await fits(page, `${name} ${look.width}`)
    await shoot(page, `admin-${name}-${look.width}-${look.dark ? 'dark' : 'light'}`)
  }
  await page.setViewportSize(desktop)
  await page.emulateMedia({ colorScheme: 'light' })
}

beforeAll(async () => {
  page = await b.page(desktop)
  await signIn(page)
})

test('the account leads to the administration, which begins with how the server is', async () => {
  await page.getByTitle('Your account').click()
  await page.getByRole('menuitem', { name: 'Administration' }).click()
  await heading('Overview').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'Database' }).getByText('answers in').waitFor()
  await page.getByRole('listitem').filter({ hasText: 'Mail' }).getByText('ATRIUM_MAIL_HOST').waitFor()
  await looked('overview')
})

test('a setting is found by its words, changed, and put back', async () => {
  await page.getByLabel('Search all settings').fill('links last longer')
  await page.getByRole('link', { name: 'Links cannot last longer' }).click()
  const found = page.locator('#core-shareapi_enforce_expire_date')
  await found.getByText('Default').waitFor()
  await expect.poll(() => found.evaluate(e => e === document.activeElement)).toBe(true)
  await looked('sharing')

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
