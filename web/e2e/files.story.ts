import { createHash, randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browser, open, row, signIn, uploaded } from './browser'
import { dav, names } from './server'

const b = browser()
const here = mkdtempSync(join(tmpdir(), 'atrium-e2e-files-'))
let page: Page

const sha = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex')
const files = () => page.locator('input[aria-label="Files to upload"]')

/** A file of random bytes. */
function make(name: string, size: number): { path: string; sum: string } {
  const path = join(here, name)
  const hash = createHash('sha1')
  const file = openSync(path, 'w')
  for (let left = size; left > 0; left -= 1 << 20) {
    const part = randomBytes(Math.min(left, 1 << 20))
    hash.update(part)
    writeSync(file, part)
  }
  closeSync(file)
  return { path, sum: hash.digest('hex') }
}

async function downloaded(act: () => Promise<void>): Promise<{ name: string; bytes: Uint8Array }> {
  const [download] = await Promise.all([page.waitForEvent('download'), act()])
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
}

async function pick(name: string, action: string): Promise<void> {
  await row(page, name).getByRole('button', { name: 'Actions for' }).click()
  await page.getByRole('menuitem', { name: action }).click()
}

beforeAll(async () => {
  page = await b.page()
  await signIn(page)
})
afterAll(() => rmSync(here, { recursive: true, force: true }))

test('a folder is made, and an impossible name is told', async () => {
  await page.getByRole('button', { name: 'New', exact: true }).click()
  await page.getByRole('menuitem', { name: 'New folder' }).click()
  const dialog = page.getByRole('dialog', { name: 'New folder' })
  await dialog.getByLabel('Name').fill('a/b')
  await dialog.getByRole('button', { name: 'Make folder' }).click()
  await dialog.getByText('A name cannot contain / or \\.').waitFor()
  await dialog.getByLabel('Name').fill('Ärger & Co #1 100%')
  await dialog.getByRole('button', { name: 'Make folder' }).click()
  await row(page, 'Ärger & Co #1 100%').getByRole('link').click()
  await page.getByText('This folder is empty').waitFor()
  expect(await names('/')).toContain('Ärger & Co #1 100%')
})

test('files go up, come down the same, and are renamed and deleted', async () => {
  const small = make('small.bin', 70_000)
  writeFileSync(join(here, 'empty.txt'), '')
  await files().setInputFiles([small.path, join(here, 'empty.txt')])
  expect(await uploaded(page)).toBe('2 files uploaded')
  await row(page, 'empty.txt').waitFor()

  const got = await downloaded(async () => {
    await row(page, 'small.bin').getByRole('link').click() // which cannot be shown
    await page.locator('dialog.viewer').getByRole('link', { name: 'Download' }).last().click()
  })
  await page.keyboard.press('Escape')
  expect([got.name, sha(got.bytes)]).toEqual(['small.bin', small.sum])

  await pick('small.bin', 'Rename')
  const field = page.getByLabel('New name of small.bin')
  expect(await field.evaluate((f: HTMLInputElement) => f.value.slice(f.selectionStart ?? 0, f.selectionEnd ?? 0))).toBe('small')
  await field.fill('größer.bin')
  await field.press('Enter')
  await row(page, 'größer.bin').waitFor()
  await expect.poll(() => names('/Ärger & Co #1 100%')).toEqual(['empty.txt', 'größer.bin'])

  await pick('größer.bin', 'Rename')
  await page.getByLabel('New name of').fill('empty.txt')
  await page.getByLabel('New name of').press('Enter')
  await page.getByText('“größer.bin” keeps its name.').waitFor()
  b.forgive(/412/)
  await page.getByRole('button', { name: 'Close the message' }).last().click()

  await pick('größer.bin', 'Delete')
  await page.getByText('“größer.bin” moved to the trash.').waitFor()
  expect(await names('/Ärger & Co #1 100%')).toEqual(['empty.txt'])
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await row(page, 'größer.bin').waitFor()
  expect(await names('/Ärger & Co #1 100%')).toEqual(['empty.txt', 'größer.bin'])
})

test('a folder of 200 files and a file of 120 MiB go up together and come down whole', async () => {
  await dav('MKCOL', '/big')
  await open(page, '/big')
  const many = join(here, 'many')
  const sums = new Map<string, string>()
  for (let i = 0; i < 200; i++) {
    const folder = join(many, `part ${i % 7}`)
    mkdirSync(folder, { recursive: true })
    sums.set(`part ${i % 7}/n${i}.txt`, sha(Buffer.from(`number ${i}`)))
    writeFileSync(join(folder, `n${i}.txt`), `number ${i}`)
  }
  const large = make('large.bin', 120 * 1024 * 1024)
  const chunks: string[] = []
  page.on('request', request => {
    if (request.url().includes('/dav/uploads/')) chunks.push(request.method())
  })
  await files().setInputFiles(large.path)
  await page.locator('input[aria-label="Folder to upload"]').setInputFiles(many)
  await page.getByText(/\/s · .* left/).waitFor()
  expect(await uploaded(page)).toBe('201 files uploaded')
  expect(chunks.filter(m => m === 'PUT')).toHaveLength(6)
  expect(chunks.at(-1)).toBe('MOVE')

  for (const [path, sum] of sums) expect(sha(new Uint8Array(await (await dav('GET', `/big/many/${path}`)).arrayBuffer())), path).toBe(sum)
  const got = await downloaded(async () => {
    await row(page, 'large.bin').getByRole('link').click() // which cannot be shown
    await page.locator('dialog.viewer').getByRole('link', { name: 'Download' }).last().click()
  })
  await page.keyboard.press('Escape')
  expect(sha(got.bytes)).toBe(large.sum)

  await page.getByLabel('Select many').check()
  await page.getByLabel('Select large.bin').check()
  const zip = await downloaded(() => page.getByRole('button', { name: 'Download' }).click())
  expect([zip.name, zip.bytes.length > 120 * 1024 * 1024, Buffer.from(zip.bytes.subarray(0, 2)).toString()]).toEqual(['big.zip', true, 'PK'])
})

test('files and folders that are dropped go up, empty folders too', async () => {
  await dav('MKCOL', '/drop')
  await open(page, '/drop')
  const folder = join(here, 'dropped')
  mkdirSync(join(folder, 'inner', 'hollow'), { recursive: true })
  writeFileSync(join(folder, 'inner', 'leaf.txt'), 'leaf')
  writeFileSync(join(here, 'loose.txt'), 'loose')
  const cdp = await page.context().newCDPSession(page)
  const data = { items: [], files: [folder, join(here, 'loose.txt')], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver'] as const) await cdp.send('Input.dispatchDragEvent', { type, x: 700, y: 500, data })
  await page.getByText('Drop to upload to “drop”').waitFor()
  await cdp.send('Input.dispatchDragEvent', { type: 'drop', x: 700, y: 500, data })
  expect(await uploaded(page)).toBe('2 files uploaded')
  expect([await names('/drop'), await names('/drop/dropped/inner')]).toEqual([['dropped', 'loose.txt'], ['hollow', 'leaf.txt']])
})

test('a name that is taken is asked about', async () => {
  await open(page, '/drop')
  writeFileSync(join(here, 'loose.txt'), 'changed')
  await files().setInputFiles(join(here, 'loose.txt'))
  const dialog = page.getByRole('dialog', { name: '“loose.txt” is already there' })
  await dialog.getByRole('button', { name: 'Keep both' }).click()
  await row(page, 'loose (2).txt').waitFor()
  await files().setInputFiles(join(here, 'loose.txt'))
  await dialog.getByRole('button', { name: 'Replace' }).click()
  await uploaded(page)
  await expect.poll(async () => (await dav('GET', '/drop/loose.txt')).text()).toBe('changed')
})

test('what cannot be uploaded is named with its reason and can be tried again', async () => {
  await open(page, '/drop')
  const message = '<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns"><s:message>Only 12 KB are left.</s:message></d:error>'
  await page.route('**/refused.txt', route => route.fulfill({ status: 507, body: message }))
  writeFileSync(join(here, 'refused.txt'), 'x')
  writeFileSync(join(here, 'taken.txt'), 'x')
  await files().setInputFiles([join(here, 'refused.txt'), join(here, 'taken.txt')])
  expect(await uploaded(page)).toBe('1 file uploaded, 1 not')
  const failures = page.getByRole('region', { name: 'Uploads' })
  await failures.getByText('Only 12 KB are left.').waitFor()
  await page.unroute('**/refused.txt')
  await page.getByRole('button', { name: 'Try again', exact: true }).click()
  await page.getByRole('heading', { name: '2 files uploaded' }).waitFor()
  expect(await names('/drop')).toContain('refused.txt')
  b.forgive(/507/)
})

test('an upload that is cancelled leaves nothing behind', async () => {
  await dav('MKCOL', '/cancelled')
  await open(page, '/cancelled')
  await page.route('**/dav/uploads/**', async route => {
    if (route.request().method() === 'PUT') await new Promise(resolve => setTimeout(resolve, 500))
    await route.continue().catch(() => undefined) // it was cancelled
  })
  const removed = page.waitForRequest(r => r.method() === 'DELETE' && r.url().includes('/dav/uploads/'))
  await files().setInputFiles(join(here, 'large.bin'))
  await page.getByRole('button', { name: 'Cancel all' }).click()
  await removed
  expect(await uploaded(page)).toBe('Nothing was uploaded')
  await page.unroute('**/dav/uploads/**')
  expect(await names('/cancelled')).toEqual([])
})

test('what another client does is seen when one comes back', async () => {
  await open(page, '/cancelled')
  await dav('PUT', '/cancelled/elsewhere.txt', 'x')
  await new Promise(resolve => setTimeout(resolve, 5500)) // younger listings are believed
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  await row(page, 'elsewhere.txt').waitFor()
})

test('a link to a file leads to its folder and selects it', async () => {
  const found = await dav('PROPFIND', '/drop/loose.txt', '<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:fileid/></d:prop></d:propfind>', { Depth: '0' })
  const id = /<oc:fileid>(\d+)</.exec(await found.text())?.[1]
  await page.goto(new URL(`/index.php/f/${id}`, page.url()).href)
  await page.waitForURL(`**/apps/files/files/${id}?dir=%2Fdrop`)
  await page.getByRole('row', { name: 'loose.txt, ', selected: true }).waitFor()
  await page.goto(new URL('/index.php/apps/files', page.url()).href)
  await page.waitForURL('**/apps/files/files')
})
