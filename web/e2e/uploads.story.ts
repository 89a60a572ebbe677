import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { browser, open, row, signIn, uploaded } from './browser'
import { dav, names } from './server'

const b = browser()
const here = mkdtempSync(join(tmpdir(), 'atrium-e2e-uploads-'))
let page: Page

const files = () => page.locator('input[aria-label="Files to upload"]')
const panel = () => page.getByRole('region', { name: 'Uploads', exact: true })

function make(name: string, text: string | Buffer): string {
  const path = join(here, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
  return path
}

/** Lets chunks and files of these addresses wait until the returned function is called. */
async function hold(pattern: RegExp): Promise<() => Promise<void>> {
  let free = (): void => undefined
  const freed = new Promise<void>(resolve => (free = resolve))
  await page.route(pattern, async route => {
    if (route.request().method() === 'PUT') await freed
    await route.continue().catch(() => undefined) // the page may have gone
  })
  return async () => {
    free()
    await page.unroute(pattern)
  }
}

beforeAll(async () => {
  for (const folder of ['net', 'again', 'many', 'pasted']) await dav('MKCOL', `/uploads ${folder}`)
  page = await b.page()
  await signIn(page)
})
afterAll(() => rmSync(here, { recursive: true, force: true }))

test('three hundred files in thirty folders arrive though the connection is lost on the way', async () => {
  for (let i = 0; i < 300; i++) make(`tree/part ${i % 30}/n${i}.txt`, `number ${i}`)
  await open(page, '/uploads net')
  await page.locator('input[aria-label="Folder to upload"]').setInputFiles(join(here, 'tree'))
  await page.getByRole('heading', { name: /Uploading [1-9]\d* of/ }).waitFor()
  await page.context().setOffline(true)
  await panel().getByText('There is no connection to the server.').filter({ visible: true }).first().waitFor()
  await page.context().setOffline(false)
  expect(await uploaded(page)).toBe('300 files uploaded')
  const found = await Promise.all((await names('/uploads net/tree')).map(folder => names(`/uploads net/tree/${folder}`)))
  expect([found.length, new Set(found.flat()).size]).toEqual([30, 300])
  expect((await (await dav('GET', '/uploads net/tree/part 7/n37.txt')).text())).toBe('number 37')
  await panel().getByRole('button', { name: 'Close the list' }).click()
  b.forgive(/ERR_INTERNET_DISCONNECTED|WebSocket/)
})

test('one is paused, one is cancelled, what failed is reported; by keys', async () => {
  await open(page, '/uploads many')
  const release = await hold(/\/held%20\d\.txt$/)
  await page.route('**/refused.txt', route => route.fulfill({ status: 507, body: '<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:message>Only 12 KB are left.</s:message></d:error>' }))
  await files().setInputFiles(['held 1.txt', 'held 2.txt', 'refused.txt', 'plain.txt', 'סרט ארוך מאוד עם שם שאינו נגמר לעולם ועד.mp4'].map(name => make(name, name)))
  await panel().getByText('Only 12 KB are left.').waitFor()
  await panel().getByRole('button', { name: 'Pause held 1.txt' }).focus()
  await page.keyboard.press('Enter')
  await panel().getByText('Paused at').waitFor()
  await looked(page, 'uploads')
  await panel().getByRole('button', { name: 'Cancel held 2.txt' }).focus()
  const given = page.waitForEvent('requestfailed', request => request.url().includes('held%202'))
  await page.keyboard.press('Enter')
  await given
  await release()
  await panel().getByRole('button', { name: 'Go on with held 1.txt' }).click()
  await page.getByRole('heading', { name: '3 files uploaded, 1 not', exact: true }).waitFor()
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await panel().getByRole('button', { name: 'Copy the report' }).click()
  await page.getByText('The report is in the clipboard.').waitFor()
  const report = await page.evaluate(() => navigator.clipboard.readText())
  expect(report).toContain('3 files uploaded, 1 not')
  expect(report).toContain('/uploads many/refused.txt\tOnly 12 KB are left.')
  expect(report).toContain('/uploads many/held 2.txt\tCancelled.')
  await page.unroute('**/refused.txt')
  await panel().getByRole('button', { name: 'Try refused.txt again' }).click()
  await page.getByRole('heading', { name: '4 files uploaded' }).waitFor()
  expect(await names('/uploads many')).toHaveLength(4)
  await panel().getByRole('button', { name: 'Close the list' }).click()
  await panel().waitFor({ state: 'detached' })
  b.forgive(/507/)
})

test('after a reload it goes on: small files from the browser, a large one from its second chunk on', async () => {
  await open(page, '/uploads again')
  const large = make('large.bin', Buffer.alloc(41 * 1024 * 1024, 7))
  const small = make('small.txt', 'small')
  const release = await hold(/\/uploads\/.*\/0000[23]$/)
  const releaseSmall = await hold(/\/small\.txt$/)
  const first = page.waitForResponse(answer => answer.url().endsWith('/00001'))
  await files().setInputFiles([large, small])
  expect((await first).ok()).toBe(true)
  let warned = false
  page.once('dialog', dialog => {
    warned = dialog.type() === 'beforeunload' // and is accepted, see browser.ts
  })
  await Promise.all([page.waitForEvent('load'), page.reload()])
  expect(warned).toBe(true)
  await release()
  await releaseSmall()
  const left = page.getByRole('region', { name: 'Interrupted' })
  await left.getByRole('heading', { name: '2 uploads were interrupted' }).waitFor()
  await left.getByText('large.bin').waitFor()
  await looked(page, 'uploads-interrupted')
  const sent: string[] = []
  page.on('request', request => request.method() === 'PUT' && sent.push(request.url().replace(/^.*\//, '')))
  await page.locator('input[aria-label="Interrupted files"]').setInputFiles(large)
  expect(await uploaded(page)).toBe('2 files uploaded')
  expect(sent.sort()).toEqual(['00002', '00003', 'small.txt'])
  await row(page, 'large.bin').waitFor()
  expect((await dav('HEAD', '/uploads again/large.bin')).headers.get('content-length')).toBe(String(41 * 1024 * 1024))
  expect(await (await dav('GET', '/uploads again/small.txt')).text()).toBe('small')
  await page.reload()
  await row(page, 'small.txt').waitFor()
  expect(await left.count()).toBe(0)
})

test('a picture that is pasted goes up', async () => {
  await open(page, '/uploads pasted')
  await page.evaluate(() => {
    const clipboardData = new DataTransfer()
    clipboardData.items.add(new File(['pasted'], 'image.png', { type: 'image/png' }))
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }))
  })
  expect(await uploaded(page)).toBe('1 file uploaded')
  expect(await names('/uploads pasted')).toEqual(['image.png'])
})
