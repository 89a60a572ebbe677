import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { base, browser, desktop, looks, open, ready, row, shoot, signIn, uploaded } from './browser'
import { dav, names } from './server'

const b = browser('mouse', () => base, 'allow')
let page: Page

/** What this page keeps: the names of the caches, and the paths in them. */
const kept = () => page.evaluate(async () => {
  const all: string[] = []
  for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) all.push(new URL(url).pathname)
  return all
})

/** Posts what a device's share sheet would, to the address that the manifest names. */
const share = (files: Record<string, string>, words: Record<string, string> = {}) => page.evaluate(async ([contents, fields]) => {
  const { share_target: { action, method, enctype } } = (await (await fetch('/webui/manifest.webmanifest')).json()) as { share_target: { action: string; method: string; enctype: string } }
  const form = Object.assign(document.createElement('form'), { action, method, enctype })
  const input = Object.assign(document.createElement('input'), { type: 'file', name: 'files', multiple: true })
  const data = new DataTransfer()
  for (const [name, text] of Object.entries(contents)) data.items.add(new File([text], name, { type: 'text/plain' }))
  input.files = data.files
  form.append(input, ...Object.entries(fields).map(([name, value]) => Object.assign(document.createElement('input'), { type: 'hidden', name, value })))
  document.body.append(form)
  form.submit()
}, [files, words] as const)

const dialog = (n: string) => page.getByRole('dialog', { name: `Upload ${n}` })

beforeAll(async () => {
  await dav('MKCOL', '/shared into')
  await dav('PUT', '/shared into/taken.txt', 'old')
  page = await b.page()
  await signIn(page)
  await page.evaluate(() => navigator.serviceWorker.ready)
})

test('the page can be installed, and its worker keeps nothing but what everybody may see', async () => {
  const session = await page.context().newCDPSession(page)
  const { errors } = await session.send('Page.getAppManifest')
  expect(errors).toEqual([])
  await expect.poll(async () => (await session.send('Page.getInstallabilityErrors')).installabilityErrors.map(e => e.errorId).filter(id => id !== 'in-incognito')).toEqual([])
  await expect.poll(() => page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state)).toBe('activated')
  await open(page, '/shared into') // with the worker now
  await row(page, 'taken.txt').waitFor()
  const paths = await kept()
  expect(paths).toContain('/webui/away')
  expect(paths.filter(path => !/^\/(webui\/(away$|assets\/)|core\/page\/icon\.svg$)/.test(path))).toEqual([])
  expect(await page.evaluate(async () => (await (await caches.match('/webui/away?lang=en'))?.text()) ?? '')).not.toContain('admin')
})

test('without a line the page says so, in both looks, and comes back by itself', async () => {
  await page.context().setOffline(true)
  await page.reload()
  await page.getByRole('heading', { name: 'You are off-line' }).waitFor()
  for (const look of looks) {
    await page.setViewportSize(look)
    await page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light' })
    await page.getByRole('button', { name: 'Try now' }).and(page.locator(':enabled')).waitFor()
    await accessible(page, `off-line ${look.width}`)
    await fits(page, `off-line ${look.width}`)
    await shoot(page, `offline-${look.width}-${look.dark ? 'dark' : 'light'}`)
  }
  await page.goto(`${base}/settings/user/appearance`) // any address of the page
  await page.getByRole('button', { name: 'Try now' }).press('Enter')
  await page.getByRole('heading', { name: 'You are off-line' }).waitFor()
  await page.context().setOffline(false)
  await page.getByRole('heading', { name: 'Appearance' }).waitFor()
  b.forgive(/ERR_INTERNET_DISCONNECTED|WebSocket/)
  await page.setViewportSize(desktop)
  await page.emulateMedia({ colorScheme: 'light' })
})

test('what is shared with the page arrives in the folder that is chosen', async () => {
  await open(page, '/')
  await share({ 'one.txt': 'one', 'taken.txt': 'new' }, { title: 'A walk', text: 'Look at this', url: 'https://example.org/walk' })
  await dialog('3 files').waitFor()
  await accessible(page, 'what was shared')
  for (const look of looks) {
    await page.setViewportSize(look)
    await page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light' })
    await fits(page, `shared ${look.width}`)
    await shoot(page, `shared-${look.width}-${look.dark ? 'dark' : 'light'}`)
  }
  await dialog('3 files').getByRole('button', { name: 'shared into' }).press('Enter') // by keys
  await dialog('3 files').getByRole('button', { name: 'Upload here' }).press('Enter')
  const question = page.getByRole('dialog').filter({ hasText: 'taken.txt' })
  await question.getByRole('button', { name: 'Keep both' }).click()
  expect(await uploaded(page)).toBe('3 files uploaded')
  await page.waitForURL(/files\/files\?dir=.*shared/)
  expect(await names('/shared into')).toEqual(['A walk.txt', 'one.txt', 'taken (2).txt', 'taken.txt'])
  expect(await (await dav('GET', '/shared into/A walk.txt')).text()).toBe('A walk\n\nLook at this\n\nhttps://example.org/walk\n')
  await page.reload() // it is not asked twice
  await ready(page)
  expect(await page.getByRole('dialog').count()).toBe(0)
  b.forgive(/412/)
  await page.setViewportSize(desktop)
})

test('what was not taken is gone after logging out', async () => {
  await share({ 'secret.txt': 'mine' })
  await dialog('1 file').waitFor()
  const address = page.url()
  await page.goto(`${base}/settings/user/appearance`)
  await page.locator('button.account').click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  await page.getByLabel('Login or e-mail address').waitFor()
  await signIn(page)
  await page.goto(address)
  await page.getByText('What was shared did not arrive.').waitFor()
})
