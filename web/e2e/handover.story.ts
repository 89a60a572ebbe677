import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, looked } from './axe'
import { base, browser, desktop, open, ready, row, shoot, signIn } from './browser'
import { dav, names, ocs } from './server'

const b = browser()
const word = 'correct horse battery'
let page: Page
const dialog = (name: string) => page.getByRole('dialog', { name: `Hand over “${name}”` })
const offers = () => page.getByRole('main')

/** Offers something to Lena, as another client would. */
const offered = (path: string): Promise<unknown> => ocs('POST', '/apps/files/api/v1/transferownership', { path, recipient: 'lena' })

async function signInAs(name: string): Promise<void> {
  await b.forget()
  await page.goto(`${base}/login`)
  await page.getByLabel('Login or e-mail address').fill(name)
  await page.getByLabel('Password').fill(word)
  await page.getByRole('button', { name: 'Log in', exact: true }).click()
  await page.waitForURL('**/apps/files/files')
  await ready(page)
}

beforeAll(async () => {
  await ocs('POST', '/cloud/users', { userid: 'lena', password: word, displayName: 'Lena Lund' })
  for (const folder of ['/hand', '/hand/Boat', '/hand/Cabin', '/hand/Sledge']) await dav('MKCOL', folder)
  for (const file of ['/hand/Boat/papers.txt', '/hand/a rather long name of a contract that somebody has given without a thought for narrow screens.txt']) await dav('PUT', file, 'mine')
  page = await b.page(desktop)
  await signIn(page)
})

test('a folder is offered to somebody, by mouse', async () => {
  await open(page, '/hand')
  await row(page, 'Boat').getByRole('button', { name: 'Actions for' }).click()
  await page.getByRole('menuitem', { name: 'Hand over …' }).click()
  await dialog('Boat').getByRole('combobox', { name: 'To whom' }).fill('lena')
  await dialog('Boat').getByRole('option', { name: /Lena Lund/ }).waitFor()
  await shoot(page, 'handover-found')
  await dialog('Boat').getByRole('option', { name: /Lena Lund/ }).click()
  await looked(page, 'handover-dialog', () => dialog('Boat').getByRole('button', { name: 'Offer it' }).waitFor())
  await dialog('Boat').getByRole('button', { name: 'Offer it' }).click()
  await page.getByText('“Boat” was offered to Lena Lund.').waitFor()
  await dialog('Boat').waitFor({ state: 'detached' })
  expect(await names('/hand')).toContain('Boat')
})

test('by keys alone, and the focus comes back', async () => {
  await row(page, 'Cabin').click({ position: { x: 500, y: 10 } })
  await page.keyboard.press('.')
  await page.getByRole('menuitem', { name: 'Hand over …' }).press('Enter')
  await dialog('Cabin').getByRole('combobox', { name: 'To whom' }).focus()
  await page.keyboard.type('lena')
  await dialog('Cabin').getByRole('option', { name: /Lena Lund/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await dialog('Cabin').waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('grid')
  await page.getByText('“Cabin” was offered to Lena Lund.').waitFor()
  await page.getByRole('button', { name: 'Show offers' }).last().click()
  await page.waitForURL('**/settings/user/offers')
  await offered('/hand/a rather long name of a contract that somebody has given without a thought for narrow screens.txt')
})

test('what one offers is listed, and taken back', async () => {
  await page.reload()
  await looked(page, 'handover-made', () => page.getByText('to Lena Lund').first().waitFor())
  await page.getByRole('button', { name: 'Take back “Cabin”' }).click()
  await page.getByText('“Cabin” is no longer offered.').waitFor()
  await page.getByRole('button', { name: 'Take back “Cabin”' }).waitFor({ state: 'detached' })
})

test('what one is offered is accepted or declined', async () => {
  await offered('/hand/Sledge')
  await signInAs('lena')
  await page.goto(`${base}/settings/user/offers`)
  await looked(page, 'handover-received', () => page.getByText('from admin').first().waitFor())
  await page.getByRole('button', { name: 'Decline “a rather long name' }).click()
  await page.getByText('You declined “a rather long name').waitFor()
  await page.getByRole('button', { name: 'Accept “Boat”' }).press('Enter')
  await page.getByText('“Boat” is yours now.').waitFor()
  expect(await names('/hand')).not.toContain('Boat')
  await page.getByRole('button', { name: 'Notifications: 1 new' }).click()
  await page.getByRole('region', { name: 'Notifications' }).getByRole('button', { name: 'Accept' }).click()
  await offers().getByText('Nobody offers you anything.').waitFor() // the page follows what was answered elsewhere
  expect(await names('/hand')).not.toContain('Sledge')
  await accessible(page, 'no offers')
  await page.goto(`${base}/apps/files/files`)
  await page.getByRole('row', { name: /^Transferred from admin/ }).getByRole('link').click()
  await row(page, 'Boat').waitFor()
  await row(page, 'Sledge').waitFor()
})
