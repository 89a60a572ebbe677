import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { base, browser, desktop, signIn } from './browser'
import { fakeProvider } from './fake'
import hostile from './hostile.json'
import { ocs } from './server'

const b = browser()
let page: Page
let provider: Awaited<ReturnType<typeof fakeProvider>>
const root = '/apps/user_oidc/api/v1/provider'
const heading = (name: string) => page.getByRole('heading', { level: 1, name })

beforeAll(async () => {
  provider = await fakeProvider()
  await ocs('POST', '/cloud/users', { userid: 'ada', password: 'Kqz7-rain-oboe', displayName: 'Ada' })
  page = await b.page(desktop)
  await signIn(page)
})
afterAll(async () => {
  for (const p of await ocs<{ id: number }[]>('GET', root)) await ocs('DELETE', `${root}/${p.id}`)
  await ocs('DELETE', '/cloud/users/ada')
  await provider.close()
})

test('a provider is asked what it is, and why it cannot be', async () => {
  await page.goto(`${base}/settings/admin/openid`)
  await page.getByRole('heading', { name: 'There is no provider yet' }).waitFor()
  await page.getByRole('button', { name: 'Add a provider' }).click()
  await expect.poll(() => page.getByLabel('Name of the provider', { exact: true }).evaluate(e => e === document.activeElement)).toBe(true)
  await page.getByText(`${base}/apps/user_oidc/code`).waitFor()
  await page.keyboard.type('Fake company')
  await page.getByText(`${base}/apps/user_oidc/backchannel-logout/Fake%20company`).waitFor()
  await page.getByLabel('Address of the discovery').fill(`${provider.address}/.well-known/openid-configuration`)
  await page.getByLabel('Client id', { exact: true }).fill('atrium')
  await page.getByLabel('Client secret').fill('fake secret')
  await page.getByRole('button', { name: 'Ask now' }).click()
  await page.getByText(/^The provider is asked over https only/).waitFor()
  await page.getByText("atrium user_oidc:provider 'Fake company' --discoveryuri=").waitFor()

  await ocs('PUT', '/apps/administration/api/v1/settings/user_oidc/allow_insecure_http', { value: '1' })
  await page.getByLabel('Address of the discovery').fill(`${provider.address}/elsewhere`)
  await page.getByRole('button', { name: 'Ask now' }).click()
  await page.getByText(/elsewhere: 404 Not Found/).waitFor()
  await page.getByLabel('Address of the discovery').fill(`${provider.address}/.well-known/openid-configuration`)
  await page.getByRole('button', { name: 'Ask now' }).click()
  await page.getByText('The provider answers, and people can come in by it.').waitFor()
  await page.getByText(`${provider.address}/fake/token`).waitFor()
  expect(await ocs<unknown[]>('GET', root)).toEqual([])
  await looked(page, 'admin-openid-new')
})

test('it is added, and its secret never comes back', async () => {
  await page.getByLabel('Who it is', { exact: true }).fill('preferred_username')
  await page.getByLabel('The id of an account is a hash').uncheck()
  await page.getByLabel('Groups of the claim are made, joined and left').check()
  await page.getByLabel('Group of the administrators').fill('captains')
  await page.getByRole('button', { name: 'Add the provider' }).click()
  await page.getByText('Fake company is saved.').waitFor()
  await heading('Fake company').waitFor()
  expect(await page.getByLabel('Client secret').inputValue()).toBe('')
  expect(await page.getByLabel('Client secret').getAttribute('placeholder')).toBe('Kept. What you type takes its place.')
  await page.getByLabel('Scopes', { exact: true }).fill('openid email')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect.poll(async () => (await ocs<object[]>('GET', root))[0]).toMatchObject({
    identifier: 'Fake company', hasSecret: true, settings: { scope: 'openid email', adminGroup: 'captains', uniqueId: false, groups: true, mapping: { uid: 'preferred_username' } },
  })
  expect(JSON.stringify(await ocs('GET', root))).not.toContain('fake secret')
})

test('claims are tried before anybody signs in', async () => {
  const claims = { sub: '7', preferred_username: 'ada-new', name: 'Ada Lovelace', quota: '5 GB', groups: ['crew', 'captains'], address: [] }
  const trial = page.getByRole('region', { name: 'Try it before anybody signs in' })
  await trial.getByLabel('Claims as JSON, or a token').fill('nonsense')
  await page.keyboard.press('Control+Enter')
  await trial.getByText('The claims are no JSON object.').waitFor()
  const part = (o: object): string => Buffer.from(JSON.stringify(o)).toString('base64url')
  await trial.getByLabel('Claims as JSON, or a token').fill(`${part({ alg: 'ES256' })}.${part(claims)}.c2ln`)
  await trial.getByRole('button', { name: 'Show what would come of it' }).click()
  await trial.getByText('A new account is made: ada-new.').waitFor()
  await trial.getByText('5 GB').waitFor()
  await trial.getByText('This cannot be read and stays as it is: Address').waitFor()
  await trial.getByText('crew', { exact: true }).waitFor()
  await trial.scrollIntoViewIfNeeded()
  await looked(page, 'admin-openid-trial', () => trial.getByRole('status').first().scrollIntoViewIfNeeded())
  await trial.getByLabel('Claims as JSON, or a token').fill(JSON.stringify({ preferred_username: 'ada' }))
  await trial.getByRole('button', { name: 'Show what would come of it' }).click()
  await trial.getByText('Nobody comes in.', { exact: true }).waitFor()
  await trial.getByText('There is another account of this name.').waitFor()
  for (const name of hostile.slice(0, 12)) {
    await trial.getByLabel('Claims as JSON, or a token').fill(JSON.stringify({ preferred_username: 'x', name, groups: [name] }))
    await trial.getByRole('button', { name: 'Show what would come of it' }).click()
    await trial.getByText('A new account is made: x.').waitFor()
  }
  b.forgive(/400/)
})

test('providers are listed, and deleted by keyboard alone', async () => {
  await ocs('POST', root, { identifier: '<img src=x onerror=alert(1)> شركة', clientId: 'x', discoveryEndpoint: `https://id.example/${'long'.repeat(40)}` })
  await page.getByRole('button', { name: 'All providers' }).focus()
  await page.keyboard.press('Enter')
  await heading('OpenID Connect').waitFor()
  await expect.poll(() => page.getByRole('link', { name: 'Fake company' }).evaluate(e => e === document.activeElement)).toBe(true)
  await page.reload()
  await page.getByRole('list', { name: 'Providers' }).getByText('شركة').waitFor()
  await page.getByRole('switch', { name: 'Accounts are kept as the provider says' }).waitFor()
  await looked(page, 'admin-openid')
  await page.getByRole('button', { name: 'Delete Fake company' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Fake company is deleted.').waitFor()
  await page.getByRole('link', { name: 'Fake company' }).waitFor({ state: 'detached' })
  const found = page.getByLabel('Search all settings')
  await found.fill('names there and here')
  await page.getByRole('link', { name: 'Names there and here mean the same people OpenID Connect' }).click()
  await expect.poll(() => page.locator('#user_oidc-soft_auto_provision').evaluate(e => e === document.activeElement)).toBe(true)
})
