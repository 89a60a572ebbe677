import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { base, browser, desktop, signIn } from './browser'
import { receiver, signedBy } from './receiver'
import { dav, ocs } from './server'

const b = browser()
let page: Page
let there: Awaited<ReturnType<typeof receiver>>
let secret = ''
const root = '/apps/webhook_listeners/api/v1'
const local = '/apps/administration/api/v1/settings/webhook_listeners/allow_local_address'
const region = (name: string) => page.getByRole('region', { name })
const heading = (name: string) => page.getByRole('heading', { level: 1, name })

beforeAll(async () => {
  there = await receiver()
  page = await b.page(desktop)
  await signIn(page)
})
afterAll(async () => {
  for (const h of await ocs<{ id: number }[]>('GET', `${root}/webhooks`)) await ocs('DELETE', `${root}/webhooks/${h.id}`)
  await ocs('DELETE', local)
  for (const name of ['/told.txt', '/untold.md']) await dav('DELETE', name)
  await there.close()
})

test('a webhook is made, and its filter tried before', async () => {
  await page.goto(`${base}/settings/admin/webhooks`)
  await page.getByRole('heading', { name: 'There is no webhook yet' }).waitFor()
  await looked(page, 'admin-webhooks-empty')
  await page.getByRole('button', { name: 'Add a webhook' }).click()
  await expect.poll(() => page.getByLabel('Address of the receiver').evaluate(e => e === document.activeElement)).toBe(true)
  await page.keyboard.type(there.address)
  await page.getByLabel('When').selectOption({ label: 'File or folder made' })
  const filter = page.getByLabel('Filter as JSON')
  await filter.fill('{"user.uid": {"$near": 1}}')
  await page.keyboard.press('Control+Enter')
  await page.getByText('The filter has no operator "$near".').waitFor()
  await filter.fill('{"event.node.path": "/\\\\.md$/"}')
  await page.getByRole('button', { name: 'Try the filter' }).click()
  await page.getByText('This message would not be sent.').waitFor()
  await filter.fill('{"event.node.path": "/\\\\.txt$/"}')
  await page.getByRole('button', { name: 'Try the filter' }).click()
  await page.getByText('This message would be sent.').waitFor()
  await page.getByText('How it is sent').click()
  await page.getByLabel('Headers', { exact: true }).fill('nonsense')
  await page.getByRole('button', { name: 'Add the webhook' }).click()
  await page.getByText('Each header stands on a line of its own: X-Name: value.').waitFor()
  await page.getByLabel('Headers', { exact: true }).fill('X-Extra: 1')
  await page.getByLabel('Its value').fill('Bearer abc')
  await looked(page, 'admin-webhooks-new')
  await page.getByRole('button', { name: 'Add the webhook' }).click()
  await page.getByText('The webhook is saved.').waitFor()
  secret = await region('Signature').locator('code').innerText()
  expect(secret).toMatch(/^whsec_/)
})

test('a test is sent, and files are told, signed and with the secret header', async () => {
  const test = region('Send a test')
  await test.getByRole('button', { name: 'Send it now' }).click()
  await test.getByText('The address lies in a private network, and that is not allowed.').waitFor()
  await test.getByText('allow_local_address --value=yes').waitFor()
  expect(there.got).toEqual([])
  await ocs('PUT', local, { value: 'yes' })
  await test.getByRole('button', { name: 'Send it now' }).click()
  await test.getByText(/^The receiver has it, after \d+ millisecond/).waitFor()
  await looked(page, 'admin-webhooks-test')
  expect(there.got.map(r => [r.method, r.headers['x-extra'], r.headers.authorization, signedBy(secret, r)])).toEqual([['POST', '1', 'Bearer abc', true]])
  expect(JSON.parse(there.got[0]?.body ?? '')).toMatchObject({ test: true, event: { class: String.raw`OCP\Files\Events\Node\NodeCreatedEvent` } })
  // What is changed of it leaves the secret header as it is.
  await page.getByText('How it is sent').click()
  expect(await page.getByLabel('Its value').inputValue()).toBe('')
  await page.getByLabel('Method').selectOption('PUT')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect.poll(async () => (await ocs<{ httpMethod: string }[]>('GET', `${root}/webhooks`)).map(h => h.httpMethod)).toEqual(['PUT'])
  await dav('PUT', '/untold.md', 'x')
  await dav('PUT', '/told.txt', 'x')
  await expect.poll(() => there.got.length).toBe(2)
  expect(there.got[1]).toMatchObject({ method: 'PUT', headers: { authorization: 'Bearer abc' } })
  expect(JSON.parse(there.got[1]?.body ?? '')).toMatchObject({ event: { node: { path: '/admin/files/told.txt' } } })
  await page.reload() // the secret was shown once
  await region('Signature').getByRole('button', { name: 'Make another secret' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make another secret' }).click()
  await region('Signature').getByText('Give it to the receiver now: it is not shown again.').waitFor()
  expect(await region('Signature').locator('code').innerText()).not.toBe(secret)
})

test('what does not arrive is counted, and what was given up sent again or forgotten', async () => {
  there.answer.status = 500
  await dav('DELETE', '/told.txt')
  await dav('PUT', '/told.txt', 'x')
  const waiting = async () => (await ocs<{ error: string }[]>('GET', `${root}/backlog`))[0]?.error
  await expect.poll(waiting).toBe('the receiver answered 500 Internal Server Error')
  // Nobody waits for a day: the letters are fakes of the list's, and what is done with them is asked of the server in vain.
  const fake = (id: number) => ({ id, webhook: 1, messageId: `msg_${id}`, event: String.raw`OCP\Files\Events\Node\NodeRenamedEvent`, host: 'fake.example', body: { event: { fake: '<b>' }, time: 1 }, made: '2026-11-20T01:00:00Z', died: '2026-11-21T01:00:00Z', tries: 7, error: `fake: ${'no route to host '.repeat(9)}` })
  let letters = [fake(2), fake(1)]
  const done: string[] = []
  await page.route(/api\/v1\/dead/, async route => {
    const { pathname } = new URL(route.request().url())
    if (route.request().method() !== 'GET') {
      done.push(`${route.request().method()} ${pathname.slice(pathname.indexOf('dead'))}`)
      letters = letters.slice(1)
    }
    await route.fulfill({ json: { ocs: { meta: { status: 'ok', statuscode: 200 }, data: letters } } })
  })
  await page.getByRole('button', { name: 'All webhooks' }).focus()
  await page.keyboard.press('Enter')
  await heading('Webhooks').waitFor()
  await page.reload()
  const list = page.getByRole('list', { name: 'Webhooks' })
  await list.getByText('1 message waits').waitFor()
  await list.getByText('the receiver answered 500 Internal Server Error').waitFor()
  const dead = region('What was given up')
  await dead.locator('summary').first().click()
  await dead.getByText('"fake": "<b>"').first().waitFor()
  await looked(page, 'admin-webhooks')
  await dead.getByRole('button', { name: /^Send again: File or folder renamed or moved/ }).first().click()
  await page.getByText('It is on its way again.').waitFor()
  await dead.getByRole('button', { name: 'Forget all' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'Forget all' }).focus()
  await page.keyboard.press('Enter')
  await dead.getByText('Nothing was given up.').waitFor()
  expect(done).toEqual(['POST dead/2/retry', 'DELETE dead'])
})

test('a webhook is deleted by keyboard alone', async () => {
  await page.getByRole('button', { name: `Delete ${there.address}` }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'There is no webhook yet' }).waitFor()
  expect(await ocs('GET', `${root}/webhooks`)).toEqual([])
})
