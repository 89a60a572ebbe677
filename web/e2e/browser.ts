import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type Page, chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'

export function need(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set; run scripts/e2e`)
  return value
}

export const base = need('E2E_URL')
export const user = need('E2E_USER')
export const password = need('E2E_PASSWORD')

const quiet = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
]

export interface Look {
  width: number
  height: number
  dark: boolean
}

export const desktop: Look = { width: 1440, height: 900, dark: false }
const phone: Look = { width: 360, height: 740, dark: true }

/** How pages are looked at: two corners are enough to find what breaks; E2E_LOOKS=all has pictures of both widths in both themes. */
export const looks: readonly Look[] = process.env.E2E_LOOKS === 'all' ? [desktop, { ...desktop, dark: true }, { ...phone, dark: false }, phone] : [desktop, phone]

/** The browser of one file of stories: it is started before them and ended after them. It may speak to the server at home only. Without the page's worker, requests can be held up and answered by stories. */
export const browser = (hand: 'mouse' | 'finger' = 'mouse', home: () => string = () => base, worker: 'allow' | 'block' = 'block') =>
  started(profile => chromium.launchPersistentContext(profile, {
    ...common, executablePath: need('E2E_CHROMIUM'), args: quiet, serviceWorkers: worker, hasTouch: hand === 'finger', isMobile: hand === 'finger',
  }), home)

export const common = { viewport: { width: desktop.width, height: desktop.height }, acceptDownloads: true, locale: 'en-GB', serviceWorkers: 'block' } as const

/** Stories in what launch brings up with a folder of its own. */
export function started(launch: (profile: string) => Promise<BrowserContext>, home: () => string) {
  const profile = mkdtempSync(join(tmpdir(), 'atrium-e2e-'))
  let context: BrowserContext | undefined
  const complaints: string[] = []

  beforeAll(async () => {
    context = await launch(profile)
    context.setDefaultTimeout(45_000)
    await context.exposeFunction('breached', (what: string) => complaints.push(`breach of the policy: ${what}`))
    await context.addInitScript(() => {
      const { breached } = globalThis as unknown as { breached(what: string): void }
      document.addEventListener('securitypolicyviolation', e => breached(`${e.effectiveDirective} ${e.blockedURI} ${e.sample} ${e.sourceFile}:${e.lineNumber}`))
    })
    context.on('page', page => watch(page, complaints, home))
    for (const page of context.pages()) watch(page, complaints, home)
  })
  afterEach(() => {
    expect(complaints.splice(0), 'the browser complained').toEqual([])
  })
  afterAll(async () => {
    await context?.close()
    rmSync(profile, { recursive: true, force: true })
  })

  return {
    /** A new page, as somebody with this screen would see it. */
    async page(look: Look = desktop): Promise<Page> {
      if (!context) throw new Error('the browser has not been started')
      const page = await context.newPage()
      await page.setViewportSize(look)
      await page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light' })
      return page
    },
    /** Takes the cookies away, once no page asks for anything any more. */
    forget: async () => {
      for (const page of context?.pages() ?? []) await page.goto('about:blank')
      await context?.clearCookies()
    },
    /** Forgives complaints that match: those a story brings about on purpose. */
    forgive(pattern: RegExp): void {
      complaints.splice(0, complaints.length, ...complaints.filter(c => !pattern.test(c)))
    },
  }
}

/** Writes down what must never happen: script errors, breaches of the security policy, requests to other hosts. */
function watch(page: Page, complaints: string[], home: () => string): void {
  page.on('console', message => {
    if (/\/core\/preview\?/.test(message.location().url) && /404/.test(message.text())) return // a file that is no picture is shown by its kind
    if (message.text() === 'Service Worker registration blocked by Playwright') return
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()} ${message.location().url}`)
  })
  page.on('dialog', dialog => {
    if (dialog.type() === 'beforeunload') return void dialog.accept()
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('pageerror', error => complaints.push(`thrown: ${error.stack ?? error.message}`))
  page.on('request', request => {
    const url = request.url()
    if (!url.startsWith(home()) && !/^(data|blob|about|chrome):/.test(url)) complaints.push(`foreign request: ${url}`)
  })
}

/** Signs in through the form and waits for the files. */
export async function signIn(page: Page): Promise<void> {
  await page.goto(`${base}/login`)
  await page.getByLabel('Login or e-mail address').fill(user)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.waitForURL('**/apps/files/files')
  await ready(page)
}

/** Waits until a folder is shown. */
export async function ready(page: Page): Promise<void> {
  await page.locator('footer.status').waitFor()
}

/** Opens a folder by its address. */
export async function open(page: Page, path: string): Promise<void> {
  await page.goto(`${base}/apps/files/files?dir=${encodeURIComponent(path)}`)
  await ready(page)
}

/** The row of a file or folder. */
export const row = (page: Page, name: string) => page.getByRole('row', { name: `${name}, ` })

/** Waits until uploads are over and returns what the panel says of them. */
export async function uploaded(page: Page): Promise<string> {
  const heading = page.getByRole('region', { name: 'Uploads' }).getByRole('heading')
  await heading.filter({ hasNotText: 'Uploading' }).waitFor({ timeout: 90_000 })
  return (await heading.textContent()) ?? ''
}

const shots = process.env.E2E_SHOTS ?? 'test-results/shots'

/** Takes a picture of the page for people to look at. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: join(shots, `${name}.png`), animations: 'disabled' })
}
