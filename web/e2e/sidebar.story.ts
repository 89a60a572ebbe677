import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, looked } from './axe'
import { browser, open, row, signIn } from './browser'
import { dav, ocs } from './server'

const b = browser()
let page: Page

const details = () => page.getByRole('complementary', { name: 'Details' })
const tab = (name: string) => details().getByRole('tab', { name })

async function shown(name: string): Promise<void> {
  await open(page, '/side')
  await row(page, name).click()
  await page.keyboard.press('Alt+Enter')
  await details().waitFor()
}

beforeAll(async () => {
  await dav('MKCOL', '/side')
  await dav('PUT', '/side/plan.txt', 'first line\nsecond line\n')
  await ocs('POST', '/cloud/users', { userid: 'sidney', password: 'Side-bar-7741-x' }).catch(() => undefined) // another story may have made it
  await ocs('POST', '/apps/files_sharing/api/v1/shares', { path: '/side', shareType: 0, shareWith: 'sidney', permissions: 1 })
  page = await b.page()
  await signIn(page)
})

test('tags are made, added and taken off by keys, and a reminder is set', async () => {
  await shown('plan.txt')
  await tab('Tags').click()
  await details().getByLabel('Add a tag').focus()
  await page.keyboard.type('urgent matter')
  await page.keyboard.press('Enter')
  await details().getByRole('list', { name: 'Tags' }).getByText('urgent matter').waitFor()
  await details().getByRole('button', { name: 'Tomorrow' }).click()
  await page.getByText('You will be reminded of “plan.txt”.').waitFor()
  await details().getByRole('button', { name: 'Remove' }).waitFor()
  await looked(page, 'sidebar-tags')
  await details().getByRole('button', { name: 'Take off urgent matter' }).focus()
  await page.keyboard.press('Enter')
  await details().getByText('No tags yet.').waitFor()
  await details().getByRole('button', { name: 'Remove' }).click()
  await page.getByText('The reminder is gone.').waitFor()
})

test('everybody with access is named, with the reason', async () => {
  await shown('plan.txt')
  await tab('Sharing').click()
  await details().getByRole('button', { name: 'Who has access' }).click()
  const list = details().getByRole('list', { name: 'Everybody with access' })
  await list.getByText('sidney').waitFor()
  await list.getByText(/through the folder “side”/).waitFor()
  await list.getByText('Owner').waitFor()
  await looked(page, 'sidebar-access')
})

test('somebody is mentioned by a few letters of their name', async () => {
  await shown('plan.txt')
  await tab('Comments').click()
  const field = details().getByRole('textbox', { name: 'Comment' })
  await field.focus()
  await page.keyboard.type('Look, @sidn')
  await details().getByRole('option', { name: /sidney/ }).waitFor()
  await accessible(page, 'a mention')
  await page.keyboard.press('Enter')
  expect(await field.inputValue()).toBe('Look, @sidney ')
  await page.keyboard.type('what a plan')
  await page.keyboard.press('Control+Enter')
  await details().getByText('what a plan').waitFor()
})
