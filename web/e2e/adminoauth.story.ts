import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { base, browser, desktop, signIn } from './browser'
import { ocs } from './server'

const b = browser()
let page: Page
let at = ''
let [client, secret, code] = ['', '', '']
const root = '/apps/oauth2/api/v1/clients'
const heading = (name: string) => page.getByRole('heading', { level: 1, name })
const region = (name: string) => page.getByRole('region', { name, exact: true })
interface Shown { id: number; name: string; people: number; trusted: boolean; scope: string; kind: string; redirects: string[]; formerUntil: number }

/** The program: it waits where people come back to, with a code. */
const program = createServer((request, answer) => {
  code = new URL(request.url ?? '/', 'http://program').searchParams.get('code') ?? code
  answer.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Photo Printer</title><h1>Welcome back</h1>')
})
/** Sends a browser to ask for access. */
const ask = (scope: string) => page.goto(`${base}/apps/oauth2/authorize?${new URLSearchParams({ client_id: client, response_type: 'code', scope, redirect_uri: at, state: 's1' }).toString()}`)
/** Trades the code for tokens, and tells the status. */
async function redeem(secret: string): Promise<number> {
  const answer = await fetch(`${base}/apps/oauth2/api/v1/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'authorization_code', code, client_id: client, client_secret: secret, redirect_uri: at }) })
  await answer.arrayBuffer()
  return answer.status
}
const made = async () => (await page.getByRole('status').getByText(/^[A-Za-z0-9]{64}$/).nth(1).textContent()) ?? ''

beforeAll(async () => {
  await new Promise<void>(up => program.listen(0, '127.0.0.1', up))
  at = `http://127.0.0.1:${(program.address() as AddressInfo).port}/back`
  page = await b.page(desktop)
  await signIn(page)
})
afterAll(async () => {
  for (const c of await ocs<Shown[]>('GET', root)) await ocs('DELETE', `${root}/${c.id}`)
  program.closeAllConnections()
  program.close()
})

test('a program is registered, and its secret is shown once', async () => {
  await page.goto(`${base}/settings/admin/programs`)
  await page.getByRole('heading', { name: 'There is no program yet' }).waitFor()
  await region('For the programs').getByText(`${base}/.well-known/openid-configuration`).waitFor()
  await region('For the programs').getByText(`${base}/apps/oauth2/jwks`).waitFor()
  await page.getByRole('button', { name: 'Register a program' }).click()
  await expect.poll(() => page.getByLabel('Name', { exact: true }).evaluate(e => e === document.activeElement)).toBe(true)
  await page.keyboard.type('Photo Printer')
  await page.getByLabel('Redirect addresses').fill('http://printer.example/cb')
  await page.getByRole('radio', { name: 'Only this:' }).check()
  await page.getByRole('checkbox', { name: 'Looking at all files files:read' }).check()
  await page.getByRole('button', { name: 'Register the program' }).click()
  await page.getByText(/^The redirect URL must begin with https/).waitFor()
  b.forgive(/400/)
  await page.getByLabel('Redirect addresses').fill(at)
  await page.getByText("--scope='openid profile email files:read'").waitFor()
  await looked(page, 'admin-programs-new')
  await page.getByRole('button', { name: 'Register the program' }).click()
  await heading('Photo Printer').waitFor()
  secret = await made()
  client = (await region('Who it is').getByText(/^[A-Za-z0-9]{64}$/).textContent()) ?? ''
  await looked(page, 'admin-programs-made')
  expect((await ocs<Shown[]>('GET', root))[0]).toMatchObject({ name: 'Photo Printer', kind: 'confidential', scope: 'openid profile email files:read', trusted: false, people: 0, redirects: [at] })
})

test('somebody lets it in, and is counted', async () => {
  await ask('openid files:read')
  await page.getByText('Photo Printer wants to use your account.').waitFor()
  await page.getByRole('button', { name: 'Grant access' }).click()
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor()
  b.forgive(/foreign request: http:\/\/127\.0\.0\.1|favicon/)
  expect(await redeem(secret)).toBe(200)
  await page.goto(`${base}/settings/admin/programs`)
  await page.getByText('1 person has let it in · By a secret: it runs on a server').waitFor()
  await page.getByRole('link', { name: 'Photo Printer' }).click()
  await region('Who it is').getByText('1 person has let it in').waitFor()
  expect(await page.getByText(secret).count()).toBe(0)
})

test('trusted, it is let in without a question; its secret is changed without a break', async () => {
  await page.getByRole('checkbox', { name: /^People are not asked/ }).focus()
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Save', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Photo Printer is saved.').waitFor()
  await region('Who it is').getByRole('button', { name: 'Make another secret' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make it' }).click()
  const next = await made()
  await region('Who it is').getByText('The former secret is taken until').waitFor()
  await looked(page, 'admin-programs-one')
  for (const s of [secret, next]) {
    await ask('openid email')
    await page.getByRole('heading', { name: 'Welcome back' }).waitFor()
    expect(await redeem(s)).toBe(200)
  }
  b.forgive(/foreign request: http:\/\/127\.0\.0\.1|favicon/)
  expect((await ocs<Shown[]>('GET', root))[0]).toMatchObject({ trusted: true, people: 1 })
})

test('the key changes, and a program ends with all it was given', async () => {
  await ocs('POST', root, { kind: 'public', name: '<img src=x onerror=alert(1)> برنامج', redirects: 'https://spa.example/cb' })
  await page.goto(`${base}/settings/admin/programs`)
  await page.getByText('By nothing: it runs in a browser, on a phone or a desk').waitFor()
  await looked(page, 'admin-programs')
  await region('Key').getByRole('button', { name: 'Sign with a new key' }).click()
  await page.getByLabel('Algorithm').selectOption('RS256')
  await page.getByRole('button', { name: 'Make the key' }).click()
  await region('Key').getByText('Tokens are signed with RS256.').waitFor()
  await page.getByRole('button', { name: 'Delete Photo Printer' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByText('Photo Printer is deleted.').waitFor()
  expect(await ocs<Shown[]>('GET', root)).toHaveLength(1)
  expect(await redeem(secret)).toBeGreaterThanOrEqual(400)
})
