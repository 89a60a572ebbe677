import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { looked } from './axe'
import { browser, desktop, ready } from './browser'

// A server of its own, without accounts: what people see who have just installed it.

let home = ''
let link = ''
let server: ChildProcess
const data = mkdtempSync(join(tmpdir(), 'atrium-setup-'))
const b = browser('mouse', () => home)
const password = 'four words nobody guesses'

const freePort = (): Promise<number> => new Promise(resolve => {
  const s = createServer().listen(0, 'localhost', () => {
    const at = s.address()
    s.close(() => resolve(typeof at === 'object' && at !== null ? at.port : 0))
  })
})

/** Starts the server and waits until it tells where it is set up. */
beforeAll(async () => {
  const port = await freePort()
  home = `http://localhost:${port}`
  server = spawn(process.env.E2E_BIN ?? '', ['serve'], {
    env: { ...process.env, ATRIUM_DATA: data, ATRIUM_HTTP_LISTEN: `localhost:${port}`, ATRIUM_ADMIN_PASSWORD: '', ATRIUM_QUOTA_DEFAULT: '5 GiB' }, stdio: ['ignore', 'pipe', 'ignore'],
  })
  link = await new Promise((resolve, reject) => {
    let said = ''
    server.stdout?.on('data', (piece: Buffer) => {
      said += piece.toString()
      const found = /Set this server up at (\S+)\n/.exec(said)?.[1]
      if (found) resolve(found)
    })
    server.on('exit', code => reject(new Error(`the server ended with ${code}: ${said}`)))
  })
})
afterAll(async () => {
  const ended = new Promise(resolve => server.once('exit', resolve))
  server.kill()
  await ended
  rmSync(data, { recursive: true, force: true })
})

async function shown(name: string, go: (page: Page) => Promise<unknown>): Promise<void> {
  const page = await b.page(desktop)
  await go(page)
  await looked(page, name)
  await page.close()
}

test('who comes without the address from the log is asked for the code', async () => {
  await shown('setup-code', async page => {
    await page.goto(`${home}/`)
    await page.getByLabel('Code from the server’s log').fill('a guess')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('This code is wrong.').waitFor()
  })
})

test('three steps by keyboard alone, from the address in the log to the files', async () => {
  await shown('setup-server', async page => {
    await page.goto(link)
    await page.getByRole('heading', { name: 'Set up this server' }).waitFor()
    expect(page.url(), 'the code does not stay in the address bar').toBe(`${home}/setup`)
  })
  const page = await b.page(desktop)
  await page.goto(link)
  await page.keyboard.press('Control+a') // the name has the focus
  await page.keyboard.type('Harbour Cloud')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Your account' }).waitFor()
  await shown('setup-account', async other => {
    await other.goto(`${home}/setup?step=account`)
    await other.getByLabel('Login').fill('olga')
    await other.getByLabel('Password', { exact: true }).fill('password123')
    await other.getByLabel('The password again').fill('password123')
    await other.keyboard.press('Enter')
    await other.getByRole('alert').waitFor()
    expect(await other.getByLabel('Login').inputValue()).toBe('olga')
  })
  b.forgive(/422/)
  for (const text of ['olga', 'Olga Ö. Capture', 'olga@harbour.example', password, password]) {
    await page.keyboard.type(text)
    if (text !== password || (await page.getByLabel('The password again').inputValue()) === '') await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Where your data lies' }).waitFor()
  await page.getByText('5 GiB').waitFor()
  await shown('setup-storage', async other => other.goto(`${home}/setup/storage`))
  await page.getByRole('link', { name: 'Open your files' }).click()
  await ready(page)
  await page.goto(link)
  await ready(page) // the code is dead, and the way leads home
  await page.close()
})
