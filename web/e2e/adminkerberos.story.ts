import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { base, browser, desktop, signIn } from './browser'
import { keytab } from './keytab'
import { ocs } from './server'

const b = browser()
let page: Page
const settings = '/apps/administration/api/v1/settings'
const region = (name: string) => page.getByRole('region', { name })
const focused = (id: string) => page.locator(id).evaluate(e => e === document.activeElement)

async function scim(method: string, path: string, token: string, body?: object): Promise<{ status: number; id?: string }> {
  const answer = await fetch(`${base}/scim/v2${path}`, { method, headers: { 'Authorization': `Bearer ${token}`, 'Content-Type': 'application/scim+json' }, ...(body ? { body: JSON.stringify(body) } : {}) })
  const said = answer.status === 204 ? {} : (await answer.json()) as { id?: string }
  return { ...said, status: answer.status }
}

beforeAll(async () => {
  await ocs('POST', '/cloud/users', { userid: 'ada', password: 'Kqz7-rain-oboe', displayName: 'Ada' })
  page = await b.page(desktop)
  await signIn(page)
})
afterAll(async () => {
  for (const name of ['enabled', 'allow_insecure_http', 'lower_case']) await ocs('DELETE', `${settings}/kerberos/${name}`)
  for (const { name } of (await ocs<{ tokens: { name: string }[] }>('GET', '/apps/scim/api/v1/token')).tokens) await ocs('DELETE', `/apps/scim/api/v1/token/${encodeURIComponent(name)}`)
  for (const uid of ['ada', 'grace', 'joan']) await ocs('DELETE', `/cloud/users/${uid}`)
})

test('Kerberos: what is wrong is said, and mended', async () => {
  await page.goto(`${base}/settings/admin/kerberos`)
  const check = region('How it stands')
  await check.getByText('There is no keytab.').waitFor()
  await check.getByText('atrium kerberos:keytab:import atrium.keytab').waitFor()
  await looked(page, 'admin-kerberos-empty')
  const give = (name: string, buffer: Buffer) => page.getByLabel('Import a keytab').setInputFiles({ name, mimeType: 'application/octet-stream', buffer })
  await give('a.txt', Buffer.from('this is none'))
  await page.getByText('This is no keytab, or it holds no key.').waitFor()
  b.forgive(/400/)
  await give('a.keytab', keytab('EXAMPLE.TEST', 'HTTP/elsewhere.test'))
  await check.getByText('The keytab holds no key of HTTP/localhost, which is the name in the address of this server.').waitFor()
  await check.getByText('kadmin -q "ktadd -k atrium.keytab HTTP/localhost"').waitFor()
  await give('b.keytab', keytab('EXAMPLE.TEST', 'HTTP/localhost', 'host/localhost'))
  await region('Keytab').getByText('host/localhost@EXAMPLE.TEST').waitFor()
  await check.getByText('The way in works over https only').waitFor()
  await page.getByRole('switch', { name: 'Sign-in without TLS is allowed' }).click()
  await page.getByRole('switch', { name: 'People come in with a Kerberos ticket' }).focus()
  await page.keyboard.press('Space')
  await check.getByText('People with a ticket can come in.').waitFor()
  await check.getByRole('button', { name: 'Compare the clocks' }).click()
  await check.getByText('The clock of EXAMPLE.TEST could not be compared').waitFor()
  await looked(page, 'admin-kerberos')
  await page.goto(`${base}/settings/admin/signin`)
  await page.getByRole('list', { name: 'Ways to sign in' }).getByText('HTTP/localhost').waitFor()
})

test('Kerberos: a ticket is tried, and somebody is let in as an account', async () => {
  await page.goto(`${base}/settings/admin/kerberos#browsers`)
  await region('Browsers').getByText(`curl --negotiate -u : -I ${base}/apps/kerberos/login`).waitFor()
  const trial = region('Try it before anybody signs in')
  await trial.getByLabel('Kerberos name').fill('ada@EXAMPLE.TEST')
  await page.keyboard.press('Enter')
  await trial.getByText('Nobody comes in.', { exact: true }).waitFor()
  const link = region('Let somebody in as an account that there is')
  await link.getByLabel('Name in the realm').fill('ada@EXAMPLE.TEST')
  await link.getByLabel('Account').fill('ada')
  await link.getByRole('button', { name: 'Let them in' }).click()
  await page.getByText('comes in as').first().waitFor()
  await trial.getByRole('button', { name: 'Show what would come of it' }).click()
  await trial.getByText('ada comes in.').waitFor()
  await looked(page, 'admin-kerberos-trial', () => trial.scrollIntoViewIfNeeded())
})

test('SCIM: a token is made, let in, seen and ended', async () => {
  await page.goto(`${base}/settings/admin/scim`)
  await region('For the provider').getByText(`${base}/scim/v2`).waitFor()
  const tokens = region('Tokens')
  await tokens.getByText('There is none yet.').waitFor()
  await tokens.getByLabel('Name of the provider').fill('Fake <b>provider</b>')
  await tokens.getByLabel('Ends on (optional)').fill('2090-01-31')
  await tokens.getByText("atrium scim:token:add 'Fake <b>provider</b>' --expires 2090-01-31T00:00:00Z").waitFor()
  await page.keyboard.press('Enter')
  await tokens.getByText('Give it to the provider now: it is not shown again.').waitFor()
  const token = await tokens.getByRole('status').locator('code').innerText()
  expect(token).toMatch(/^\w{64}$/)
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User']
  const made = await Promise.all(['grace', 'joan'].map(userName => scim('POST', '/Users', token, { schemas, userName })))
  expect(made.map(m => m.status)).toEqual([201, 201])
  expect((await scim('DELETE', `/Users/${made[1]?.id}`, token)).status).toBe(204)
  await looked(page, 'admin-scim-made')
  await region('Give an account to the providers').getByLabel('Account').fill('ada')
  await page.keyboard.press('Enter')
  await page.getByText('Providers look after').waitFor()
  const recent = region('What providers did last')
  await recent.getByText('They keep 2 users and no group.').waitFor()
  await expect.poll(() => recent.getByRole('listitem').allInnerTexts()).toHaveLength(3)
  await page.reload()
  await tokens.getByText(/^used /).waitFor()
  expect(await page.content()).not.toContain(token)
  await looked(page, 'admin-scim')
  await page.getByRole('button', { name: 'End the token Fake <b>provider</b>' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'End it' }).focus()
  await page.keyboard.press('Enter')
  await tokens.getByText('There is none yet.').waitFor()
  expect((await scim('GET', '/Users', token)).status).toBe(401)
  const found = page.getByLabel('Search all settings')
  await found.fill('when a provider deletes')
  await page.getByRole('link', { name: 'When a provider deletes a user SCIM' }).click()
  await expect.poll(() => focused('#scim-on_delete')).toBe(true)
})
