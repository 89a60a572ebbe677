import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { base, browser, desktop, looks, password, shoot, signIn, user } from './browser'

const b = browser()
const nameOf = (what: string, look: { width: number; dark: boolean }): string => `${what}-${look.width}-${look.dark ? 'dark' : 'light'}`
const settings = `${base}/settings/user/profile`

/** Asks the server past the browser, as another client would. */
async function ocs(method: string, path: string, body?: object): Promise<{ status: number; data: Record<string, unknown> }> {
  const answer = await fetch(`${base}/ocs/v2.php${path}${path.includes('?') ? '&' : '?'}format=json`, {
    method,
    headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, 'OCS-APIRequest': 'true', 'Content-Type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const said = JSON.parse((await answer.text()) || '{"ocs":{"data":{}}}') as { ocs: { data: Record<string, unknown> | null } }
  return { status: answer.status, data: said.ocs.data ?? {} }
}

const mine = async (name: string): Promise<unknown> => (await ocs('GET', '/cloud/user')).data[name]
const shown = async (): Promise<Record<string, unknown>> => (await ocs('GET', `/apps/user_status/api/v1/statuses/${user}`)).data

async function open(page: Page): Promise<void> {
  await page.goto(settings)
  await page.getByRole('heading', { name: 'How to reach you' }).waitFor()
  await page.getByRole('list', { name: 'Suggested messages' }).waitFor()
}

const rowOf = (page: Page, label: string) => page.locator('.row').filter({ has: page.getByLabel(label, { exact: true }) })
const card = (page: Page, name: string) => page.getByRole('region', { name })

beforeAll(async () => {
  const page = await b.page()
  await signIn(page)
  await page.close()
})
afterAll(async () => {
  await ocs('DELETE', `/apps/dav/api/v1/outOfOffice/${user}`)
  await ocs('PUT', `/cloud/users/${user}`, { key: 'displayname', value: user }) // other stories look for it
})

test('a field is saved when it is left, by the keyboard alone', async () => {
  const page = await b.page()
  await open(page)
  await page.getByLabel('Role', { exact: true }).focus()
  await page.keyboard.type('Captain')
  await page.keyboard.press('Tab')
  await rowOf(page, 'Role').getByText('Saved').waitFor()
  expect(await mine('role')).toBe('Captain')
  await page.keyboard.press('Home') // "Seen by you only", in the list that the focus is on now
  await expect.poll(() => mine('roleScope')).toBe('v2-private')
  await page.getByLabel('Phone', { exact: true }).fill('+46 70 123 45 67')
  await page.keyboard.press('Enter')
  await rowOf(page, 'Phone').getByText('Saved').waitFor()
  expect(await mine('phone')).toBe('+46701234567')
  await page.close()
})

test('what the server refuses is undone and told', async () => {
  const page = await b.page()
  await open(page)
  const website = page.getByLabel('Website', { exact: true })
  await website.fill('nowhere')
  await website.blur()
  await rowOf(page, 'Website').getByText('“nowhere” was not saved. Invalid website').waitFor()
  expect(await website.inputValue()).toBe('')
  await accessible(page, 'a refused field')
  await page.route('**/cloud/users/**', route => route.abort())
  await page.getByLabel('Who sees your address').selectOption('v2-private')
  await rowOf(page, 'Address').getByText('There is no connection to the server.').waitFor()
  expect(await page.getByLabel('Who sees your address').inputValue()).toBe('v2-local')
  b.forgive(/400|ERR_FAILED/)
  await page.close()
})

test('status, suggested and own messages', async () => {
  const page = await b.page()
  await open(page)
  await page.getByRole('radio', { name: 'Online' }).focus()
  for (const want of ['away', 'busy', 'dnd']) {
    await page.keyboard.press('ArrowRight')
    await expect.poll(async () => (await shown()).status).toBe(want)
  }
  await page.getByRole('button', { name: 'In a meeting' }).click()
  await expect.poll(async () => (await shown()).message).toBe('In a meeting')
  expect((await shown()).clearAt).toBeGreaterThan(Date.now() / 1000 + 3500)
  await page.getByLabel('Emoji').fill('🍕')
  await page.getByLabel('Message', { exact: true }).first().fill('Lunch')
  await page.getByLabel('Stays').selectOption('hour')
  await page.getByRole('button', { name: 'Set message' }).click()
  await expect.poll(async () => (await shown()).icon).toBe('🍕')
  await page.getByLabel('Emoji').fill('abc')
  await page.getByRole('button', { name: 'Set message' }).click()
  await card(page, 'Status').getByText('Please choose a single emoji.').waitFor()
  expect((await shown()).icon).toBe('🍕')
  await page.getByRole('button', { name: 'Clear message' }).click()
  await expect.poll(async () => (await shown()).message).toBe(null)
  await page.getByRole('radio', { name: 'Online' }).check()
  b.forgive(/400/)
  await page.close()
})

test('out of office', async () => {
  const page = await b.page()
  await open(page)
  const office = card(page, 'Out of office')
  await office.getByRole('button', { name: 'Plan or change an absence' }).click()
  const day = (n: number): string => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10)
  await office.getByLabel('First day').fill(day(-1))
  await office.getByLabel('Last day').fill(day(3))
  await office.getByLabel('Status').fill('At sea')
  await office.getByLabel('Message').fill('Back soon.')
  await office.getByLabel('Who stands in').fill('nobody')
  await office.getByRole('button', { name: 'Set' }).click()
  await office.getByText('There is nobody called “nobody”.').waitFor()
  await office.getByLabel('Who stands in').fill('')
  await office.getByRole('button', { name: 'Set' }).click()
  await office.getByText('You are out of office now.').waitFor()
  expect((await shown()).message).toBe('At sea')
  await card(page, 'Status').getByText('At sea').waitFor()
  await office.getByRole('button', { name: 'Remove' }).click()
  await office.getByRole('button', { name: 'Set' }).waitFor()
  expect((await shown()).message).toBe(null)
  b.forgive(/404/)
  await page.close()
})

test('a picture comes and goes', async () => {
  const page = await b.page()
  await open(page)
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
  const choose = async (name: string, buffer: Buffer): Promise<void> => {
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: /picture/ }).click()
    await (await chooser).setFiles({ name, mimeType: 'image/png', buffer })
  }
  await choose('me.png', Buffer.from('no picture'))
  await page.getByText('The picture was not changed. Unknown filetype').waitFor()
  await choose('me.png', png)
  await page.getByRole('button', { name: 'Change picture' }).waitFor()
  await page.getByRole('region', { name: 'Picture' }).getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('button', { name: 'Upload a picture' }).waitFor()
  b.forgive(/400/)
  await page.close()
})

test('the page that others see', async () => {
  const page = await b.page()
  await open(page)
  await page.getByRole('textbox', { name: 'About you' }).fill('Born at sea.\nStill there.')
  await page.getByLabel('Headline', { exact: true }).fill('Sails, ropes and quiet harbours')
  await page.getByLabel('Full name').fill('Olga Ö. Capture')
  await page.getByLabel('Pronouns', { exact: true }).fill('she/her')
  await page.getByLabel('Organisation', { exact: true }).fill('Harbour Office')
  await page.getByLabel('Pronouns', { exact: true }).focus()
  await expect.poll(() => mine('organisation')).toBe('Harbour Office')
  await page.getByRole('button', { name: 'In a meeting' }).click()
  await expect.poll(async () => (await shown()).message).toBe('In a meeting')
  for (const look of looks) {
    const other = await b.page(look)
    await other.goto(`${base}/u/${user}`)
    await other.getByRole('heading', { name: 'Olga Ö. Capture' }).waitFor()
    expect(await other.getByText('Captain').count(), 'what only the owner sees').toBe(0)
    await accessible(other, nameOf('profile-page', look))
    await fits(other, nameOf('profile-page', look))
    await shoot(other, nameOf('profile-page', look))
    await other.close()
  }
  await page.getByLabel('Show a page about me').uncheck()
  await expect.poll(async () => (await ocs('GET', `/profile/${user}`)).status).toBe(404)
  await page.getByLabel('Show a page about me').check()
  await expect.poll(async () => (await ocs('GET', `/profile/${user}`)).status).toBe(200)
  await page.close()
})

test('the settings look well and keep nobody out', async () => {
  for (const look of looks) {
    const page = await b.page({ ...desktop, ...look })
    await open(page)
    await accessible(page, nameOf('profile', look))
    await fits(page, nameOf('profile', look))
    await shoot(page, nameOf('profile', look))
    await page.getByRole('heading', { name: 'Language and region' }).scrollIntoViewIfNeeded()
    await shoot(page, nameOf('profile-end', look))
    await page.getByLabel('Mail', { exact: true }).scrollIntoViewIfNeeded()
    await shoot(page, nameOf('profile-middle', look))
    await page.close()
  }
})
