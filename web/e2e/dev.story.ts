import { expect, test } from 'vitest'
import { accessible, fits } from './axe'
import { base, browser, desktop, looks, shoot, signIn } from './browser'

const b = browser()

test('each component stands in both themes, and keeps nobody out', async () => {
  const page = await b.page(desktop)
  await signIn(page)
  await page.goto(`${base}/dev/ui`)
  await page.getByRole('heading', { name: 'Components', level: 1 }).waitFor()
  for (const name of ['.button', 'IconButton', '.field', 'EmptyState', 'MarkdownText', 'RichLine', 'VirtualList', 'AppDialog']) {
    expect(await page.getByRole('heading', { name, exact: true }).count(), name).toBe(2)
  }
  const papers = await page.locator('section[data-theme]').evaluateAll(all => all.map(e => getComputedStyle(e).backgroundColor))
  expect(papers).toEqual(['rgb(243, 245, 248)', 'rgb(18, 22, 28)'])
  for (const look of looks) {
    await page.setViewportSize(look)
    await page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light', reducedMotion: 'reduce' })
    await accessible(page, `components ${look.width}`)
    await fits(page, `components ${look.width}`)
    await shoot(page, `components-${look.width}-${look.dark ? 'dark' : 'light'}`)
  }
  await page.setViewportSize(desktop)

  const dark = page.getByRole('region', { name: 'Dark' })
  await dark.getByRole('button', { name: 'Open a dialog' }).press('Enter') // by keys
  await page.getByRole('dialog').waitFor()
  await accessible(page, 'a dialog')
  await page.keyboard.press('Escape')
  await dark.getByRole('button', { name: 'Actions' }).press('Enter')
  await page.getByRole('menuitem', { name: 'Rename' }).waitFor()
  await accessible(page, 'a menu')
  await page.keyboard.press('Escape')
  await dark.getByRole('button', { name: 'Bad news' }).press('Enter')
  await page.getByText('There is not enough room left.').waitFor()
  await accessible(page, 'bad news')
  await shoot(page, 'components-asked')
  await page.getByRole('button', { name: 'From right to left' }).press('Enter')
  await fits(page, 'components from right to left')
  await shoot(page, 'components-rtl')
})
