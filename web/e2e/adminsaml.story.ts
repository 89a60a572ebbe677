import { execFileSync } from 'node:child_process'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { base, browser, desktop, signIn } from './browser'
import { ocs } from './server'

const b = browser()
const root = '/apps/user_saml/api/v1/provider'
let page: Page

/** A certificate of a fake provider's. */
const certificate = (name: string): string => execFileSync('openssl', [
  'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '/dev/null', '-days', '10', '-subj', `/CN=${name}`,
], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
const bare = (pem: string): string => pem.replace(/-----[A-Z ]+-----|\s/g, '')

const metadata = (old: string, next: string): string => `<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://fake.example/idp">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    ${[old, next].map(c => `<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${bare(c)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`).join('\n')}
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://fake.example/slo"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://fake.example/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>`

const assertion = (uid: string, name: string): string => `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="a1" Version="2.0" IssueInstant="2027-01-01T00:00:00Z">
  <saml:Issuer>https://fake.example/idp</saml:Issuer><saml:Subject><saml:NameID>${uid}</saml:NameID></saml:Subject>
  <saml:AttributeStatement>${Object.entries({ uid, name, group: 'crew' }).map(([key, value]) => `<saml:Attribute Name="${key}"><saml:AttributeValue>${value}</saml:AttributeValue></saml:Attribute>`).join('')}</saml:AttributeStatement>
</saml:Assertion>`

beforeAll(async () => {
  page = await b.page(desktop)
  await signIn(page)
})
afterAll(async () => {
  for (const p of await ocs<{ id: number }[]>('GET', root)) await ocs('DELETE', `${root}/${p.id}`)
  await ocs('DELETE', '/apps/administration/api/v1/settings/user_saml/type')
})

test('a provider is added by its metadata', async () => {
  await page.goto(`${base}/settings/admin/saml`)
  await page.getByRole('button', { name: 'Add a provider' }).click()
  const pasted = page.getByLabel('Metadata of the provider (XML)')
  await expect.poll(() => pasted.evaluate(e => e === document.activeElement)).toBe(true)
  await pasted.fill('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
  await page.getByRole('button', { name: 'Take it over' }).click()
  await page.getByText(/This cannot be read/).waitFor()
  await pasted.fill(metadata(certificate('old fake'), certificate('next fake')))
  await page.getByRole('button', { name: 'Take it over' }).click()
  await expect.poll(() => page.getByLabel('Entity id', { exact: true }).inputValue()).toBe('https://fake.example/idp')
  expect(await page.getByLabel('Address for signing in').inputValue()).toBe('https://fake.example/sso')
  await page.getByLabel('Name of the provider', { exact: true }).fill('Fake university')
  await page.getByLabel('Who it is').fill('uid')
  await page.getByLabel('Name', { exact: true }).fill('name')
  await page.getByLabel('Attribute of the groups').fill('group')
  await looked(page, 'admin-saml-new')
  expect(await ocs<unknown[]>('GET', root)).toEqual([])
  await page.getByRole('button', { name: 'Add the provider' }).click()
  await page.getByRole('heading', { level: 1, name: 'Fake university' }).waitFor()
  await page.getByText(`${base}/apps/user_saml/saml/metadata?idp=`, { exact: false }).first().waitFor()
  b.forgive(/400/)
})

test('certificates are rolled over', async () => {
  const list = page.getByRole('list', { name: 'Certificates' })
  await list.getByText('CN=old fake').first().waitFor()
  await list.getByText('It runs out soon.').first().waitFor()
  await looked(page, 'admin-saml', () => list.scrollIntoViewIfNeeded())
  await list.getByRole('button', { name: 'Drop it CN=old fake' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Save', exact: true }).focus()
  await page.keyboard.press('Enter')
  await list.getByText('CN=old fake').first().waitFor({ state: 'detached' })
  const [now] = await ocs<{ certificates: { subject: string }[] }[]>('GET', root)
  expect(now?.certificates.map(c => c.subject)).toEqual(['CN=next fake'])
})

test('this server makes its key, and saving keeps it', async () => {
  const card = page.getByRole('region', { name: 'Key of this server' })
  await card.getByRole('button', { name: 'Make a key' }).click()
  await card.getByRole('button', { name: 'Make another key' }).waitFor()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Fake university is saved.').first().waitFor()
  const [now] = await ocs<{ certificates: { of: string; subject: string }[]; settings: Record<string, string> }[]>('GET', root)
  expect(now?.certificates.find(c => c.of === 'sp')?.subject).toBe(`CN=${base}/apps/user_saml/saml/metadata`)
  expect(now?.settings['sp-privateKey']).toBe('***')
})

test('an assertion is tried, and that it would not be believed is told', async () => {
  const trial = page.getByRole('region', { name: 'Try it before anybody signs in' })
  await trial.getByLabel('A response or an assertion').fill(assertion('ada', '&lt;img src=x onerror=alert(1)&gt; عادة'))
  await trial.getByRole('button', { name: 'Show what would come of it' }).click()
  await trial.getByText('A new account is made: ada.').waitFor()
  await trial.getByText('<img src=x onerror=alert(1)> عادة').waitFor()
  await trial.getByText('SAML_crew').waitFor()
  await trial.getByText('It is not signed.').waitFor()
  await looked(page, 'admin-saml-trial', () => trial.getByRole('status').first().scrollIntoViewIfNeeded())
})

test('all ways in stand on one page', async () => {
  await page.getByRole('link', { name: 'Ways to sign in' }).click()
  const ways = page.getByRole('list', { name: 'Ways to sign in' })
  await ways.getByText('Fake university').waitFor()
  await ways.getByText('not in use').waitFor()
  await looked(page, 'admin-ways')
  await ways.getByRole('link', { name: 'Add one LDAP' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'New directory' }).waitFor()
})

test('a proxy that vouches for people has its form, and its headers are tried', async () => {
  await ocs('PUT', '/apps/administration/api/v1/settings/user_saml/type', { value: 'environment-variable' })
  await page.goto(`${base}/settings/admin/saml`)
  await page.getByLabel('Addresses of the proxy').fill('192.0.2.7')
  await page.getByLabel('Who it is').fill('X-Remote-User')
  await page.getByLabel('Groups, with commas between them').fill('X-Remote-Groups')
  await looked(page, 'admin-proxy')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('The proxy is saved.').first().waitFor()
  const trial = page.getByRole('region', { name: 'Try it before anybody signs in' })
  await trial.getByLabel('Headers, one on each line').fill('X-Remote-User: ada\nX-Remote-Groups: crew, pilots')
  await trial.getByRole('button', { name: 'Show what would come of it' }).click()
  await trial.getByText('SAML_pilots').first().waitFor()
})
