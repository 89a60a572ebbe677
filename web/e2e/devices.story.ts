import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { base, browser, desktop, looks, password, shoot, signIn, user } from './browser'
import { addressOf, dav } from './server'

const b = browser()
const nameOf = (what: string, look: { width: number; dark: boolean }): string => `${what}-${look.width}-${look.dark ? 'dark' : 'light'}`
const settings = `${base}/settings/user/devices`

const agents = [
  'Mozilla/5.0 (Linux) mirall/3.16.0git (Nextcloud, ubuntu-6.8.0 ClientArchitecture: x86_64 OsArchitecture: x86_64)', 'Mozilla/5.0 (Android) Nextcloud-android/3.31.0',
  'A program with a name that somebody has given without a thought for narrow screens and that does not end',
]

/** An app password that a client fetched with the account's password, and the answer of the server to it. */
async function connect(agent: string): Promise<string> {
  const auth = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const answer = await fetch(`${base}/ocs/v2.php/core/getapppassword?format=json`, { headers: { Authorization: auth, 'OCS-APIRequest': 'true', 'User-Agent': agent } })
  return ((await answer.json()) as { ocs: { data: { apppassword: string } } }).ocs.data.apppassword
}

async function status(secret: string, path = '/', method = 'PROPFIND'): Promise<number> {
  const answer = await fetch(addressOf(path), { method, headers: { Authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`, Depth: '0' } })
  await answer.text()
  return answer.status
}

const device = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name })

async function open(page: Page): Promise<void> {
  await page.goto(settings)
  await page.getByRole('heading', { name: 'Browsers' }).waitFor()
}

async function pick(page: Page, name: string, what: string): Promise<void> {
  await page.getByRole('button', { name: `What to do with ${name}` }).first().click()
  await page.getByRole('menuitem', { name: what }).click()
}

beforeAll(async () => {
  for (const folder of ['Devices', 'Devices/Shared with the scanner', 'Devices/private']) await dav('MKCOL', `/${folder}`)
  for (const agent of agents) await connect(agent)
  const page = await b.page()
  await signIn(page)
  await page.close()
})

test('the settings are found from the menu, and list every device', async () => {
  const page = await b.page()
  await page.goto(`${base}/apps/files/files`)
  await page.getByRole('button', { name: user, exact: true }).click()
  await page.getByRole('menuitem', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Devices and sessions' }).click()
  await device(page, 'Sync client on Linux').waitFor()
  await device(page, 'Files app on Android').waitFor()
  await device(page, 'this browser').waitFor()
})

test('every look, with dialogs', async () => {
  for (const look of looks) {
    const page = await b.page(look)
    await open(page)
    await accessible(page, nameOf('devices', look))
    await fits(page, nameOf('devices', look))
    await shoot(page, nameOf('devices', look))
    await page.getByRole('button', { name: 'What to do with' }).first().click()
    await shoot(page, nameOf('devices-menu', look))
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'New app password' }).click()
    await page.getByLabel('What is it?').selectOption({ label: 'Something else' })
    await page.getByLabel('only some of it').check()
    await page.getByLabel('Of the files only some folders').check()
    await page.getByRole('button', { name: 'Devices', exact: true }).waitFor()
    await accessible(page, nameOf('devices-new', look))
    await fits(page, nameOf('devices-new', look))
    await shoot(page, nameOf('devices-new', look))
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    await page.getByRole('button', { name: 'End everything but this browser' }).click()
    await page.getByRole('dialog').waitFor()
    await accessible(page, nameOf('devices-end', look))
    await shoot(page, nameOf('devices-end', look))
    await page.close()
  }
})

test('a new app password reaches only its folder, until it is revoked', async () => {
  const page = await b.page()
  await open(page)
  await page.getByRole('button', { name: 'New app password' }).click()
  await page.getByLabel('Name of the device').fill('Scanner')
  await page.getByLabel('What is it?').selectOption({ label: 'A program for some folders' })
  await page.getByRole('button', { name: 'Make app password' }).click()
  await page.getByText('Please add a folder.').waitFor()
  await page.getByRole('button', { name: 'Devices', exact: true }).click()
  await page.getByRole('button', { name: 'Shared with the scanner' }).click()
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByLabel('Ends after').fill('2099-12-31')
  await page.getByRole('button', { name: 'Make app password' }).click()
  const secret = (await page.locator('code.secret').textContent()) ?? ''
  await accessible(page, 'a new app password')
  await shoot(page, 'devices-made')
  await page.getByRole('button', { name: 'Done' }).click()
  await device(page, 'Scanner').getByText('/Devices/Shared with the scanner').waitFor()
  await device(page, 'Scanner').getByText('Ends on 31 December 2099').waitFor()

  expect([await status(secret, '/Devices/Shared with the scanner'), await status(secret, '/Devices'), await status(secret, '/Devices/private')]).toEqual([207, 207, 404])
  expect([await status(secret, '/Devices/Shared with the scanner/new', 'MKCOL'), await status(secret, '/Devices/new', 'MKCOL')]).toEqual([201, 403])

  await pick(page, 'Scanner', 'Name and limits')
  await page.getByLabel('Name', { exact: true }).fill('Old scanner')
  await page.getByLabel('It may').selectOption({ label: 'read only' })
  await shoot(page, 'devices-limits')
  await page.getByRole('button', { name: 'Save' }).click()
  await device(page, 'Old scanner').getByText('read only').waitFor()
  expect(await status(secret, '/Devices/Shared with the scanner/again', 'MKCOL')).toBe(403)

  await pick(page, 'Old scanner', 'Revoke')
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await device(page, 'Old scanner').waitFor({ state: 'detached' })
  expect(await status(secret)).toBe(401)
})

test('a phone is connected with a code', async () => {
  for (const look of looks) {
    const page = await b.page(look)
    await open(page)
    await page.getByRole('button', { name: 'Connect a phone' }).click()
    await page.getByRole('button', { name: 'Show the code' }).click()
    await page.getByAltText('QR code that connects your phone').waitFor()
    await accessible(page, nameOf('devices-code', look))
    await fits(page, nameOf('devices-code', look))
    await shoot(page, nameOf('devices-code', look))
    await page.getByRole('button', { name: 'Done' }).click()
    await device(page, 'Waiting to be used').first().waitFor()
    await page.close()
  }
})

test('a lost phone is told to delete its data', async () => {
  const secret = await connect('Mozilla/5.0 (iOS) Nextcloud-iOS/6.5.0')
  const page = await b.page()
  await open(page)
  await pick(page, 'Files app on iPhone', 'Delete data on it')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete data' }).click()
  await device(page, 'is asked to delete its data').waitFor()
  expect(await status(secret)).toBe(401)
  const answer = await fetch(`${base}/core/wipe/check`, { method: 'POST', body: new URLSearchParams({ token: secret }) })
  expect(await answer.json()).toEqual({ wipe: true })
})

test('the password is asked for again after a while, and a wrong one is told', async () => {
  const page = await b.page()
  await open(page)
  let late = true
  await page.route('**/settings/personal/authtokens', async route => {
    if (route.request().method() !== 'POST' || !late) return route.continue()
    return route.fulfill({ status: 403, contentType: 'application/json', body: '{"message":"Password confirmation is required"}' })
  })
  await page.getByRole('button', { name: 'New app password' }).click()
  await page.getByLabel('Name of the device').fill('Late')
  await page.getByRole('button', { name: 'Make app password' }).click()
  await page.getByRole('heading', { name: 'Is it you?' }).waitFor()
  await page.getByLabel('Password', { exact: true }).fill('wrong')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByText('This is not your password.').waitFor()
  await accessible(page, 'a wrong password')
  await shoot(page, 'devices-confirm')
  late = false
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.locator('code.secret').waitFor()
  b.forgive(/403/)
})

test('all others are ended at once', async () => {
  const secret = await connect('curl/8.0')
  const page = await b.page(desktop)
  await open(page)
  await page.getByRole('button', { name: 'End everything but this browser' }).click()
  await page.getByRole('button', { name: 'End everything else' }).click()
  await device(page, 'curl').waitFor({ state: 'detached' })
  await device(page, 'is asked to delete its data').waitFor() // and can still hear of it
  expect(await status(secret)).toBe(401)
  await device(page, 'this browser').waitFor()
})
