import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CDPSession, Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { base, browser, password, user } from './browser'
import { dav, names } from './server'

const b = browser()
const secret = 'Open-sesame-2026!'
const links: Record<'look' | 'edit' | 'drop' | 'ask' | 'locked' | 'file', string> = { look: '', edit: '', drop: '', ask: '', locked: '', file: '' }

/** Makes a link and returns the address of its page. */
async function share(path: string, more: Record<string, string>): Promise<string> {
  const answer = await fetch(`${base}/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`${user}:${password}`)}`, 'OCS-APIRequest': 'true', 'Content-Type': 'application/json' },
    body: JSON.stringify({ path, shareType: 3, ...more }),
  })
  const { ocs } = await answer.json() as { ocs: { meta: { message: string }, data: { token: string } } }
  expect(answer.status, ocs.meta.message).toBe(200)
  return `${base}/s/${ocs.data.token}`
}

/** Keeps scripts from running in a page that is opened from now on, as somebody does who has switched them off. */
async function scripts(page: Page, on: boolean): Promise<void> {
  const cdp = sessions.get(page) ?? await page.context().newCDPSession(page)
  sessions.set(page, cdp)
  await cdp.send('Emulation.setScriptExecutionDisabled', { value: !on })
}

const sessions = new WeakMap<Page, CDPSession>()

async function bare(): Promise<Page> {
  const page = await b.page()
  await scripts(page, false)
  return page
}

const lynx = (address: string): string => execFileSync('lynx', ['-dump', '-nolist', '-width=100', address], { encoding: 'utf8' })

/** Looks at a page that is there already: axe is a script itself. */
async function shown(page: Page, name: string, after: 'bare' | 'scripted' = 'bare'): Promise<void> {
  await scripts(page, true)
  await looked(page, `link-${name}`)
  await scripts(page, after === 'scripted')
}

beforeAll(async () => {
  for (const folder of ['/Harbour', '/Harbour/First week', '/Drop', '/Requests', '/Together']) await dav('MKCOL', folder)
  await dav('PUT', '/Harbour/Minutes.md', '# Minutes\n\nWe met <b>at the pier</b>.\n')
  await dav('PUT', '/Harbour/pixel.png', Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'))
  await dav('PUT', '/Harbour/A rather long name of a document that somebody has given without a thought for narrow screens, final version (3).bin', 'x'.repeat(120_000))
  await dav('PUT', '/Together/plan.txt', 'old')
  await dav('PUT', '/Drop/secret.txt', 'secret')
  links.look = await share('/Harbour', { permissions: '1', note: 'What we saw in spring.\nYours, Ada', label: 'The harbour', expireDate: '2099-01-31' })
  links.edit = await share('/Together', { permissions: '15' })
  links.drop = await share('/Drop', { permissions: '4' })
  links.ask = await share('/Requests', { permissions: '4', attributes: '[{"scope":"fileRequest","key":"enabled","value":true}]' })
  links.locked = await share('/Harbour/Minutes.md', { password: secret, label: 'Nobody reads this' })
  links.file = await share('/Harbour/Minutes.md', {})
})

test('a folder without scripts: looking, sorting, going in, downloading', async () => {
  const page = await bare()
  await page.goto(links.look)
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('The harbour')
  await page.getByText('What we saw in spring.').waitFor()
  await shown(page, 'folder')
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.getByRole('columnheader', { name: 'Size' }).getByRole('link').click()
  expect(await page.getByRole('columnheader', { name: 'Size' }).getAttribute('aria-sort')).toBe('ascending')
  await page.getByRole('link', { name: 'First week' }).click()
  await page.getByText('This folder is empty.').waitFor()
  await page.getByRole('navigation', { name: 'Folders' }).getByRole('link', { name: 'The harbour' }).click()
  await page.getByRole('link', { name: 'Minutes.md', exact: true }).click()
  expect(await page.locator('pre').textContent()).toContain('We met <b>at the pier</b>.')
  await shown(page, 'text')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()])
  expect(readFileSync(await download.path(), 'utf8')).toContain('at the pier')
  await page.goto(links.look)
  const [archive] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download all as ZIP' }).click()])
  expect(archive.suggestedFilename()).toBe('Harbour.zip')
  await page.getByRole('link', { name: 'pixel.png', exact: true }).click()
  await page.getByRole('img', { name: 'pixel.png' }).waitFor()
  await shown(page, 'image')
  await page.close()
})

test('a password without scripts', async () => {
  const page = await bare()
  await page.goto(links.locked)
  expect(await page.content()).not.toContain('Minutes')
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('alert').waitFor()
  await shown(page, 'password')
  await page.getByLabel('Password').fill(secret)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.locator('pre', { hasText: 'at the pier' }).waitFor()
  await b.forget()
  await page.goto(links.locked)
  await page.getByLabel('Password').waitFor()
  await page.close()
})

test('a file drop without scripts gives a receipt and shows nothing', async () => {
  const page = await bare()
  await page.goto(links.drop)
  expect(await page.content()).not.toContain('secret.txt')
  await shown(page, 'drop')
  const file = join(mkdtempSync(join(tmpdir(), 'atrium-e2e-')), 'secret.txt')
  writeFileSync(file, 'mine')
  await page.getByLabel('Files', { exact: true }).setInputFiles(file)
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByRole('heading', { name: 'Receipt' }).waitFor()
  await page.getByText(createHash('sha256').update('mine').digest('hex')).waitFor()
  await shown(page, 'receipt')
  expect(await names('/Drop')).toEqual(['secret (2).txt', 'secret.txt'])
  await page.close()
})

test('a file request with scripts: a name, several files, progress, a receipt', async () => {
  const page = await b.page()
  await page.goto(links.ask)
  await page.getByLabel('Files', { exact: true }).setInputFiles([
    { name: 'one.txt', mimeType: 'text/plain', buffer: Buffer.from('1') }, { name: 'two.txt', mimeType: 'text/plain', buffer: Buffer.from('2') },
  ])
  await page.getByLabel('Your name').fill('Zoë')
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByText('2 files have arrived safely.').waitFor()
  await page.getByText(createHash('sha256').update('2').digest('hex')).waitFor()
  await shown(page, 'request', 'scripted')
  expect(await names('/Requests/Zoë')).toEqual(['one.txt', 'two.txt'])
  await page.close()
})

test('files that are dropped on the page of an editable folder replace nothing', async () => {
  const page = await b.page()
  await page.goto(links.edit)
  const bag = await page.evaluateHandle(() => {
    const it = new DataTransfer()
    it.items.add(new File(['new'], 'plan.txt', { type: 'text/plain' }))
    return it
  })
  await page.dispatchEvent('.well', 'drop', { dataTransfer: bag })
  await page.getByText('1 file has arrived safely.').waitFor()
  await page.getByText('plan (2).txt').waitFor()
  expect(await names('/Together')).toEqual(['plan (2).txt', 'plan.txt'])
  await page.close()
})

test('a link that is gone', async () => {
  const page = await b.page()
  await page.goto(`${base}/s/NoSuchLink12345`)
  await page.getByRole('heading', { name: 'Page not found' }).waitFor()
  b.forgive(/404/)
  await page.close()
})

test('the pages in lynx', () => {
  const folder = lynx(links.look)
  for (const part of ['The harbour', 'Shared by', 'What we saw in spring.', 'First week', 'Minutes.md', 'Download all as ZIP']) expect(folder).toContain(part)
  expect(lynx(links.file)).toContain('We met <b>at the pier</b>.')
  expect(lynx(links.locked)).toContain('Password needed')
  const drop = lynx(links.drop)
  expect(drop).toContain('Add files')
  expect(drop).not.toContain('secret')
})
