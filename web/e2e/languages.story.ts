import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { type Look, base, browser, desktop, open, ready, shoot, signIn, user } from './browser'
import { dav, ocs } from './server'

const b = browser()
const speaks = (language: string) => ocs('PUT', `/cloud/users/${user}`, { key: 'language', value: language })
const phone: Look = { width: 360, height: 740, dark: true }

beforeAll(async () => {
  await dav('MKCOL', '/tongues')
  await dav('MKCOL', '/tongues/Contracts')
  await dav('MKCOL', '/tongues/Contracts/عقود 2026')
  await dav('PUT', '/tongues/عقد الإيجار.pdf', 'x'.repeat(8000))
  await dav('PUT', '/tongues/Report (final) 2026.md', '# Report\n\nwritten from left to right')
  await dav('PUT', '/tongues/budget ميزانية 2027.ods', 'x'.repeat(48_000))
  await dav('PUT', '/tongues/notes', '')
})
afterAll(() => speaks('en'))

test('the page is in the language of the account', async () => {
  const page = await b.page()
  await signIn(page)
  const document = page.locator('html')
  expect([await document.getAttribute('lang'), await document.getAttribute('dir')]).toEqual(['en', 'ltr'])
  for (const [wish, lang, dir, upload] of [['de_AT', 'de', 'ltr', 'Hochladen'], ['fr', 'fr', 'ltr', 'Téléverser'], ['es_MX', 'es', 'ltr', 'Subir'], ['ar', 'ar', 'rtl', 'رفع'], ['cy', 'en', 'ltr', 'Upload']] as const) {
    await speaks(wish)
    await page.reload()
    await ready(page)
    expect([await document.getAttribute('lang'), await document.getAttribute('dir')]).toEqual([lang, dir])
    expect((await page.locator('.bar .button.primary').textContent())?.trim()).toBe(upload)
  }
  await page.close()
})

/** Screens that most people see, by their address and what is there when they are. */
const screens: [name: string, address: string, there: string][] = [
  ['files', '/apps/files/files?dir=/tongues', 'footer.status'],
  ['way', '/apps/files/files?dir=/tongues/Contracts/عقود 2026', 'footer.status'],
  ['trash', '/apps/files/trashbin', 'main h1'],
  ['photos', '/apps/photos', 'main h1'],
  ['shared', '/apps/files/sharingout', 'main h1'],
  ['profile', '/settings/user', 'main h1'],
  ['appearance', '/settings/user/appearance', 'main h1'],
  ['security', '/settings/user/security', 'main h1'],
  ['overview', '/settings/admin', 'main h1'],
  ['monitoring', '/settings/admin/monitoring', '#storage svg'],
  ['people', '/settings/admin/people', 'main h1'],
  ['sharing rules', '/settings/admin/sharing', 'main h1'],
]

async function walk(page: Page, language: string, look: Look): Promise<void> {
  for (const [name, address, there] of screens) {
    await page.goto(base + address)
    await page.locator(there).first().waitFor()
    await page.waitForLoadState('networkidle')
    await shoot(page, `tongue-${language}-${name.replace(' ', '-')}-${look.width}`)
    await fits(page, `${name} in ${language} at ${look.width}`)
    if (language === 'ar' && look === phone) await accessible(page, `${name} in ${language} at ${look.width}`)
  }
}

test.each([['ar', desktop], ['ar', phone], ['de', phone]] as const)('the screens in %s', async (language, look) => {
  await speaks(language)
  const page = await b.page(look)
  await walk(page, language, look)
  await page.close()
})

test('from right to left: names, keys, the menu and the panel', async () => {
  await speaks('ar')
  const page = await b.page()
  await open(page, '/tongues')
  const file = page.getByRole('row').filter({ hasText: 'Report (final) 2026' })
  const middle = async (what: ReturnType<Page['locator']>): Promise<number> => what.evaluate(e => e.getBoundingClientRect().left + e.getBoundingClientRect().width / 2)
  expect(await middle(page.getByRole('navigation').first())).toBeGreaterThan(720) // places are on the right
  expect(await middle(file.locator('.check'))).toBeGreaterThan(await middle(file.locator('.more')))
  // A name of another script reads as it is written: its end is to the right of its beginning.
  expect(await middle(file.locator('.extension'))).toBeGreaterThan(await middle(file.locator('bdi > span').first()))
  expect(await page.getByRole('row').first().evaluate(e => getComputedStyle(e).direction)).toBe('rtl')

  await file.click({ button: 'right' })
  await page.getByRole('menu').waitFor()
  await shoot(page, 'tongue-ar-menu')
  await page.keyboard.press('Escape')
  await page.keyboard.press('d')
  await page.getByRole('complementary').first().waitFor()
  await page.waitForLoadState('networkidle')
  await shoot(page, 'tongue-ar-details')
  await accessible(page, 'the details in Arabic')
  await page.keyboard.press('d')

  // In a grid the arrow to the left goes on, that to the right goes back.
  await page.keyboard.press('v')
  await page.keyboard.press('v')
  await page.getByRole('gridcell').first().waitFor()
  const active = async (): Promise<string> => (await page.locator('.tile.active').getAttribute('aria-colindex')) ?? ''
  await page.keyboard.press('Home')
  expect(await active()).toBe('1')
  await page.keyboard.press('ArrowLeft')
  expect(await active()).toBe('2')
  await page.keyboard.press('ArrowRight')
  expect(await active()).toBe('1')
  await shoot(page, 'tongue-ar-grid')

  // A frame drawn over the first tile, which is on the right, selects it.
  const grid = page.getByRole('grid')
  const box = (await grid.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
  await page.keyboard.press('Escape')
  await page.mouse.move(box.x + box.width - 4, box.y + box.height - 20)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width - 60, box.y + 40, { steps: 5 })
  await page.mouse.up()
  await expect.poll(async () => page.locator('.tile.selected').count()).toBe(1)
  expect(await page.locator('.tile.selected').getAttribute('aria-colindex')).toBe('1')
  await page.keyboard.press('v')
  await page.keyboard.press('v')
  await page.close()
})

test('the pages before the login', async () => {
  const share = await ocs<{ url: string }>('POST', '/apps/files_sharing/api/v1/shares', { path: '/tongues', shareType: 3 })
  for (const look of [desktop, phone]) {
    const page = await b.page(look)
    const session = await page.context().newCDPSession(page)
    await session.send('Emulation.setUserAgentOverride', { userAgent: 'an Arabic browser', acceptLanguage: 'ar' })
    await b.forget()
    for (const [name, address] of [['login', `${base}/login`], ['link', share.url], ['lost', `${base}/s/nothing`]] as const) {
      await page.goto(address)
      expect(await page.locator('html').getAttribute('dir')).toBe('rtl')
      await shoot(page, `tongue-ar-${name}-${look.width}`)
      await fits(page, `${name} in ar at ${look.width}`)
      await accessible(page, `${name} in ar at ${look.width}`)
    }
    await page.close()
  }
  b.forgive(/404/)
})
