import { createHmac } from 'node:crypto'
import type { Page } from 'playwright-core'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { base, browser, desktop, looks, password as adminPassword, ready, shoot, user as admin } from './browser'

const b = browser()
const nameOf = (what: string, look: { width: number; dark: boolean }): string => `${what}-${look.width}-${look.dark ? 'dark' : 'light'}`
const password = 'a long walk on the beach'

/** Asks the server as its administrator. */
async function ask(method: string, path: string, body: Record<string, string> | string): Promise<void> {
  const json = typeof body === 'string'
  const answer = await fetch(base + path, {
    method, body: json ? body : new URLSearchParams(body),
    headers: {
      'Authorization': `Basic ${Buffer.from(`${admin}:${adminPassword}`).toString('base64')}`, 'OCS-APIRequest': 'true',
      'Content-Type': json ? 'application/json' : 'application/x-www-form-urlencoded',
    },
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
}

const makeUser = (userid: string): Promise<void> => ask('POST', '/ocs/v2.php/cloud/users', { userid, password })

/** The code of an authenticator app some steps from now (RFC 6238). */
function code(secret: string, steps = 0): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret.replaceAll(' ', '')].map(c => letters.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const sum = createHmac('sha1', key).update(counter).digest()
  return String((sum.readUInt32BE((sum[19] ?? 0) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Types name and password. */
async function login(page: Page, name: string, to = ''): Promise<void> {
  await page.goto(`${base}/login${to ? `?redirect_url=${encodeURIComponent(to)}` : ''}`)
  await page.getByLabel('Login or e-mail address').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
}

async function security(page: Page): Promise<void> {
  await page.goto(`${base}/settings/user/security`)
  await page.getByRole('heading', { name: 'Authenticator app' }).waitFor()
}

/** Sets an app up in the settings and returns its secret. */
async function setUpApp(page: Page): Promise<string> {
  await security(page)
  await page.getByRole('button', { name: 'Set up', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Type the secret instead').click()
  const secret = (await dialog.locator('.secret').textContent()) ?? ''
  await dialog.getByLabel('Code that the app shows').fill(code(secret))
  await dialog.getByRole('button', { name: 'Set up' }).click()
  await page.getByText('Your account is protected by a second factor').waitFor()
  return secret
}

/** Gives the page a key that checks the person, as phones and computers have. Returns what puts the person there and away. */
async function key(page: Page): Promise<(there: boolean) => Promise<unknown>> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  })
  return there => cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled: there })
}

beforeAll(async () => {
  for (const name of ['anna', 'bert', 'cora', 'dora', 'emil']) await makeUser(name)
  await ask('POST', '/ocs/v2.php/cloud/groups', { groupid: 'must' })
  for (const name of ['cora', 'dora']) await ask('POST', `/ocs/v2.php/cloud/users/${name}/groups`, { groupid: 'must' })
  await ask('PUT', '/settings/api/admin/twofactorauth', JSON.stringify({ enforced: true, enforcedGroups: ['must'] }))
})
beforeEach(() => b.forget())

test('an app is set up, asked for at the login, and a backup code helps out', async () => {
  const page = await b.page()
  await login(page, 'anna')
  await ready(page)
  await security(page)
  await page.getByText('Only your password protects your account').waitFor()
  await page.getByRole('button', { name: 'Set up', exact: true }).click()
  await page.getByLabel('Code that the app shows').fill('000000')
  await page.getByRole('dialog').getByRole('button', { name: 'Set up' }).click()
  await page.getByText('This code is not right').waitFor()
  await page.keyboard.press('Escape')
  const secret = await setUpApp(page)
  await page.getByRole('button', { name: 'Make codes' }).click()
  await page.getByRole('dialog').getByRole('listitem').first().waitFor()
  const codes = await page.getByRole('dialog').getByRole('listitem').allTextContents()
  expect(codes).toHaveLength(10)
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByText('10 of 10 left').waitFor()

  await b.forget()
  await login(page, 'anna', '/apps/files/files?dir=/')
  await page.waitForURL('**/login/challenge/totp?*')
  await page.getByLabel('Code').fill('12345')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('alert').filter({ hasText: 'not right' }).waitFor()
  await page.getByLabel('Code').fill(code(secret, 1))
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL('**/apps/files/files?dir=/')
  await ready(page)

  await b.forget()
  await login(page, 'anna')
  await page.getByRole('link', { name: 'Use another way' }).click()
  await page.getByRole('link', { name: 'Backup code' }).click()
  await page.getByLabel('Code').fill((codes[2] ?? '').toUpperCase())
  await page.getByRole('button', { name: 'Log in' }).click()
  await ready(page)
  await security(page)
  await page.getByText('9 of 10 left').waitFor()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('Only your password protects your account').waitFor()
})

test('a key is a second factor, a passkey without a password, and stands for the password', async () => {
  const page = await b.page()
  await login(page, 'bert')
  await ready(page)
  const touch = await key(page)
  await security(page)
  await page.getByRole('button', { name: 'Add a key' }).click()
  await page.getByRole('list', { name: 'Your keys' }).getByText('Passkey', { exact: true }).first().waitFor()
  await page.getByRole('button', { name: 'Rename Passkey' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('My laptop')
  await page.getByRole('button', { name: 'Rename', exact: true }).click()
  await page.getByRole('list', { name: 'Your keys' }).getByText('My laptop').waitFor()
  await page.getByRole('button', { name: 'Add a key' }).click()
  await page.getByText('This key is known already').waitFor()

  // What asks for the password again takes the key instead.
  let refused = 0
  await page.route('**/settings/personal/keys/*', route => (refused++ === 0
    ? route.fulfill({ status: 403, contentType: 'application/json', body: '{"message":"Password confirmation is required"}' })
    : route.continue()))
  await page.getByRole('button', { name: 'Rename My laptop' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Work laptop')
  await page.getByRole('button', { name: 'Rename', exact: true }).click()
  await page.getByRole('dialog', { name: 'Is it you?' }).waitFor()
  await shoot(page, 'confirm-key')
  await page.getByRole('button', { name: 'Use a key' }).click()
  await page.getByRole('list', { name: 'Your keys' }).getByText('Work laptop').waitFor()
  await page.unroute('**/settings/personal/keys/*')
  b.forgive(/403/)

  // After the password. The key would answer the login page at once, which offers passkeys by itself.
  await touch(false)
  await b.forget()
  await login(page, 'bert', '/settings/user/security')
  await page.waitForURL('**/login/challenge/webauthn?*')
  await touch(true)
  await page.getByRole('button', { name: 'Use a key' }).click()
  await page.waitForURL(`${base}/settings/user/security`)
  await page.getByText('Your account is protected').waitFor()

  // Instead of it: by the button (after an error nothing is offered, which would be faster), and where the browser offers it beside the name.
  await touch(false)
  await b.forget()
  await page.goto(`${base}/login?error=late&redirect_url=/settings/user/security`)
  await touch(true)
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.waitForURL(`${base}/settings/user/security`)
  await page.getByText('Your account is protected').waitFor()
  await b.forget()
  await page.goto(`${base}/login?redirect_url=/settings/user/security`)
  await page.waitForURL(`${base}/settings/user/security`)
  await page.getByText('Your account is protected').waitFor()

  await page.getByRole('button', { name: 'Remove Work laptop' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('Only your password protects your account').waitFor()
  await touch(false)
  await b.forget()
  await page.goto(`${base}/login?error=late`)
  await touch(true)
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByRole('alert').filter({ hasText: 'That passkey opens no account here' }).waitFor()
})

test('who must and has nothing sets something up before anything else opens', async () => {
  const page = await b.page()
  await login(page, 'cora', '/apps/files/files?dir=/')
  await page.getByRole('heading', { name: 'Protect your account' }).waitFor()
  await page.goto(`${base}/apps/files/files`)
  await page.waitForURL('**/login?redirect_url=*')
  await login(page, 'cora', '/apps/files/files?dir=/')
  await page.getByRole('link', { name: 'Authenticator app' }).click()
  await page.getByText('Type the secret instead').click()
  await page.getByLabel('Code').fill(code((await page.locator('.secret').textContent()) ?? ''))
  await page.getByRole('button', { name: 'Set up and log in' }).click()
  await page.getByRole('heading', { name: 'Keep these codes' }).waitFor()
  expect(await page.getByRole('listitem').count()).toBe(10)
  await accessible(page, 'new codes')
  await shoot(page, 'setup-codes')
  await page.getByRole('link', { name: 'I have kept them' }).click()
  await page.waitForURL('**/apps/files/files?dir=/')
  await ready(page)

  await b.forget()
  const other = await b.page()
  await key(other)
  await login(other, 'dora')
  await other.getByRole('link', { name: 'Security key or passkey' }).click()
  await other.getByRole('button', { name: 'Set up the key' }).click()
  await other.getByRole('heading', { name: 'Keep these codes' }).waitFor()
  await other.getByRole('link', { name: 'I have kept them' }).click()
  await ready(other)
})

test('the pages look well and keep nobody out', async () => {
  const first = await b.page()
  await key(first)
  await login(first, 'emil')
  await ready(first)
  await setUpApp(first)
  await first.getByRole('button', { name: 'Add a key' }).click()
  await first.getByRole('button', { name: 'Rename Passkey' }).waitFor()
  await first.getByRole('button', { name: 'Make codes' }).click()
  await first.getByRole('button', { name: 'Done' }).click()

  const see = async (page: Page, what: string, look: typeof desktop): Promise<void> => {
    await accessible(page, nameOf(what, look))
    await fits(page, nameOf(what, look))
    await shoot(page, nameOf(what, look))
  }
  for (const look of looks) {
    const page = await b.page(look)
    await security(page)
    await see(page, 'security', look)
    await page.getByRole('button', { name: 'Set up another app' }).click()
    await page.getByRole('img', { name: 'QR code' }).waitFor()
    await see(page, 'security-app', look)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Make new codes' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Make new codes' }).click()
    await page.getByRole('dialog', { name: 'Your backup codes' }).waitFor()
    await see(page, 'security-codes', look)
    await page.close()
  }
  await b.forget()
  for (const look of looks) {
    const page = await b.page(look)
    await login(page, 'emil')
    await page.getByRole('heading', { name: 'Second step' }).waitFor()
    await see(page, 'second-choose', look)
    for (const way of ['Authenticator app', 'Security key or passkey', 'Backup code']) {
      await page.getByRole('link', { name: way }).click()
      await page.getByRole('heading', { name: way }).waitFor()
      await see(page, `second-${way.split(' ')[0]?.toLowerCase()}`, look)
      await page.getByRole('link', { name: 'Use another way' }).click()
    }
    await page.goto(`${base}/login/challenge/totp?error=wrong`)
    await see(page, 'second-wrong', look)
    await page.close()
  }
  const page = await b.page()
  await makeUser('fritz')
  await ask('POST', '/ocs/v2.php/cloud/users/fritz/groups', { groupid: 'must' })
  await b.forget()
  for (const look of looks) {
    await page.setViewportSize(look)
    await page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light' })
    await login(page, 'fritz')
    await page.getByRole('heading', { name: 'Protect your account' }).waitFor()
    await see(page, 'setup', look)
    await page.getByRole('link', { name: 'Authenticator app' }).click()
    await see(page, 'setup-app', look)
    await page.getByRole('link', { name: 'Use another way' }).click()
    await page.getByRole('link', { name: 'Security key' }).click()
    await see(page, 'setup-key', look)
  }
})
