import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, fits, looked } from './axe'
import { base, browser, desktop, looks, password, ready, shoot, signIn, user } from './browser'
import { addressOf, dav, ocs } from './server'

const b = browser()
const nameOf = (what: string, look: { width: number; dark: boolean }): string => `${what}-${look.width}-${look.dark ? 'dark' : 'light'}`

async function open(page: Page, section: string, heading: string): Promise<void> {
  await page.goto(`${base}/settings/user/${section}`)
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
}

/** Looks at a page of the settings as everybody sees it. */
async function shown(section: string, heading: string, settled: (page: Page) => Promise<unknown>): Promise<void> {
  const page = await b.page(desktop)
  await open(page, section, heading)
  await settled(page)
  await looked(page, section)
  await page.close()
}

const attribute = (page: Page, name: string): Promise<string | null> => page.locator('html').getAttribute(name)
const kept = async (name: string): Promise<unknown> => (await ocs<Record<string, string>>('GET', '/apps/provisioning_api/api/v1/config/users/webui'))[name]

beforeAll(async () => {
  const page = await b.page(desktop)
  await signIn(page)
  await page.close()
})

test('the look is chosen by keys, holds at once, and follows to other browsers and the login page', async () => {
  const page = await b.page(desktop)
  await open(page, 'appearance', 'Appearance and accessibility')
  await page.getByRole('radio', { name: 'As the device' }).first().focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => attribute(page, 'data-theme')).toBe('dark')
  await expect.poll(() => kept('theme')).toBe('dark')
  await page.getByRole('radio', { name: 'High' }).check()
  await page.getByRole('radio', { name: 'Largest' }).check()
  await page.getByRole('radio', { name: 'No movement' }).check()
  await page.getByRole('radio', { name: 'Always underlined' }).check()
  await page.getByRole('radio', { name: 'Compact' }).check()
  await page.getByRole('group', { name: 'Keys of a single letter' }).getByRole('radio', { name: 'Off' }).check()
  await expect.poll(() => kept('letters')).toBe('off')
  await expect.poll(() => kept('density')).toBe('tight')
  await accessible(page, 'high contrast, largest letters')
  await fits(page, 'largest letters')
  await shoot(page, 'appearance-contrast-dark')
  await page.getByRole('radio', { name: 'Light' }).check()
  await accessible(page, 'high contrast, light')
  await shoot(page, 'appearance-contrast-light')
  await page.close()

  await b.forget()
  const other = await b.page({ ...desktop, width: 360 })
  await signIn(other)
  expect([await attribute(other, 'data-theme'), await attribute(other, 'data-size'), await attribute(other, 'data-contrast')]).toEqual(['light', '150', 'more'])
  await fits(other, 'files in largest letters')
  await shoot(other, 'files-largest-360')
  await other.keyboard.press('?')
  expect(await other.getByRole('dialog').count(), 'single letters do nothing any more').toBe(0)
  await other.getByRole('button', { name: user }).click()
  await other.getByRole('menuitem', { name: 'Log out' }).click()
  await other.getByLabel('Login or e-mail address').waitFor()
  expect([await attribute(other, 'data-theme'), await attribute(other, 'data-size')]).toEqual(['light', '150'])
  await accessible(other, 'login in the chosen look')
  await shoot(other, 'login-largest-360')
  for (const [name, value] of [['theme', 'auto'], ['size', '100'], ['contrast', 'auto'], ['motion', 'auto'], ['underline', 'no'], ['density', 'wide'], ['letters', 'on']] as const) {
    await ocs('POST', `/apps/provisioning_api/api/v1/config/users/webui/${name}`, { configValue: value })
  }
  await b.forget()
  await signIn(other)
  await ready(other)
  expect(await attribute(other, 'data-theme')).toBe('auto')
  await other.close()
})

test('what is refused is told, and holds here only', async () => {
  const page = await b.page(desktop)
  await open(page, 'appearance', 'Appearance and accessibility')
  await page.route('**/config/users/**', route => route.abort())
  await page.getByRole('radio', { name: 'Compact' }).check()
  await page.getByText('This holds in this browser only').waitFor()
  expect(await attribute(page, 'data-density')).toBe('tight')
  b.forgive(/ERR_FAILED/)
  await page.close()
})

test('a phone is connected in one step, and other programs in one more', async () => {
  const page = await b.page(desktop)
  await open(page, 'connect', 'Connect devices')
  await page.getByText(`${base}/remote.php/dav/files/${user}/`).waitFor()
  await page.getByRole('button', { name: 'Show the QR code' }).click()
  await page.getByRole('img', { name: 'QR code that connects your phone' }).waitFor()
  await page.getByRole('button', { name: 'Make an app password' }).focus()
  await page.keyboard.press('Enter')
  const secret = await page.locator('code.secret').textContent()
  const answer = await fetch(addressOf('/'), { method: 'PROPFIND', headers: { Depth: '0', Authorization: `Basic ${Buffer.from(`${user}:${secret ?? ''}`).toString('base64')}` } })
  expect(answer.status).toBe(207)
  await accessible(page, 'connected')
  await fits(page, 'connected')
  await shoot(page, 'connect-made')
  await page.close()
})

test('what people are told of, by mail and by feed', async () => {
  const page = await b.page(desktop)
  await open(page, 'notifications', 'Notifications')
  const mail = page.getByRole('checkbox', { name: 'A comment was written: by mail' })
  await mail.focus()
  await page.keyboard.press('Space')
  await page.getByText('Saved.').waitFor()
  await page.getByLabel('Mail comes').selectOption('weekly')
  await page.getByLabel('Mail about what is still there').selectOption('86400')
  await page.getByText('Saved.').waitFor()
  await expect.poll(async () => (await ocs<{ batchSetting: number }>('GET', '/apps/notifications/api/v2/settings')).batchSetting).toBe(86_400)
  await page.reload()
  await mail.waitFor()
  expect([await mail.isChecked(), await page.getByLabel('Mail comes').inputValue()]).toEqual([true, 'weekly'])

  const feed = page.getByRole('region', { name: 'Feed' })
  await feed.getByRole('button', { name: 'Make a feed' }).click()
  const first = (await feed.locator('code').textContent()) ?? ''
  expect(await (await fetch(first)).text()).toContain('Personal activity feed')
  await feed.getByRole('button', { name: 'Make a new address' }).click()
  await expect.poll(() => feed.locator('code').textContent()).not.toBe(first)
  expect(await (await fetch(first)).text()).toContain('invalid')
  await feed.getByRole('button', { name: 'End the feed' }).click()
  await feed.getByRole('button', { name: 'Make a feed' }).waitFor()
  await mail.uncheck()
  await page.getByText('Saved.').waitFor()
  await page.getByLabel('Mail about what is still there').selectOption('0')
  await expect.poll(async () => (await ocs<{ batchSetting: number }>('GET', '/apps/notifications/api/v2/settings')).batchSetting).toBe(0)
  await page.close()
})

test('what the storage is used for, and all of it to take along', async () => {
  const sorts: [string, number][] = [['ship.png', 5000], ['ahoy.mp4', 90_000], ['log.odt', 41_000], ['bell.ogg', 23_000], ['old.zip', 12_000]]
  for (const [name, size] of sorts) await dav('PUT', `/${name}`, 'x'.repeat(size))
  const page = await b.page(desktop)
  await open(page, 'storage', 'Storage and privacy')
  await page.getByRole('listitem').filter({ hasText: 'Pictures' }).getByText(/^[\d.,]+ [KM]B$/).waitFor()
  const coming = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download the archive' }).click()
  expect((await coming).suggestedFilename()).toMatch(new RegExp(`^${user}-.*\\.zip$`))
  await page.close()
  await shown('storage', 'Storage and privacy', other => other.getByRole('region', { name: 'Storage', exact: true }).waitFor())
  for (const [name] of sorts) await dav('DELETE', `/${name}`)
})

test('newcomers are shown around once', async () => {
  await ocs('POST', '/cloud/users', { userid: 'newcomer', password })
  await b.forget()
  for (const look of looks) {
    const page = await b.page(look)
    if (look === looks[0]) {
      await page.goto(`${base}/login`)
      await page.getByLabel('Login or e-mail address').fill('newcomer')
      await page.getByLabel('Password').fill(password)
      await page.keyboard.press('Enter')
    } else {
      await page.goto(`${base}/apps/files/files`)
    }
    await ready(page)
    await page.getByRole('heading', { name: 'Bring your files' }).waitFor()
    if ((look.width === 360) === look.dark) await accessible(page, nameOf('tour', look))
    await fits(page, nameOf('tour', look))
    await shoot(page, nameOf('tour', look))
    if (look === looks.at(-1)) {
      const tour = page.getByRole('complementary', { name: 'A short tour' })
      await tour.getByRole('button', { name: 'Next' }).focus()
      for (let i = 0; i < 3; i++) await page.keyboard.press('Enter')
      await shoot(page, 'tour-last')
      await tour.getByRole('link', { name: 'Connect devices' }).click()
      await page.getByRole('heading', { name: 'Connect devices' }).waitFor()
      await page.goto(`${base}/apps/files/files`)
      await ready(page)
      await page.reload()
      await ready(page)
      expect(await page.getByRole('heading', { name: 'Bring your files' }).count(), 'the tour comes again').toBe(0)
    }
    await page.close()
  }
  await ocs('DELETE', '/cloud/users/newcomer')
  await b.forget()
  const page = await b.page(desktop)
  await signIn(page)
  await page.close()
})

test('the pages look well', async () => {
  await shown('appearance', 'Appearance and accessibility', async () => undefined)
  await shown('connect', 'Connect devices', async () => undefined)
  await shown('notifications', 'Notifications', page => page.getByRole('region', { name: 'Feed' }).waitFor())
})
