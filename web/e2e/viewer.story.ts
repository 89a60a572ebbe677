import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { accessible, looked } from './axe'
import { base, browser, desktop, open, row, shoot, signIn } from './browser'
import { jpeg, pdf, png, read, wav, webm } from './samples'
import { dav } from './server'

const b = browser()
let page: Page
const viewer = () => page.locator('dialog.viewer')
const title = () => viewer().getByRole('heading', { level: 1 })
const readme = `# Sailing in *August*

A plan for **two weeks**, see [the notes](notes.txt), [a map](https://maps.example/) and not [this](javascript:alert(1)).

![The bay](b%20small.png) ![far](https://tracker.example/x.png)

- [x] boat
- [ ] crew <script>alert(1)</script>

| Day | Miles |
|:----|------:|
| Mon |    12 |
| Tue |     9 |

> Wind permitting.

\`\`\`sh
sail --north
\`\`\`
`

/** Opens a file of the folder by its address. */
async function show(name: string): Promise<void> {
  await page.goto(`${base}/apps/files/files?${new URLSearchParams({ dir: '/looking', view: `/looking/${name}` }).toString()}`)
  await title().filter({ hasText: name }).waitFor()
}

const drawn = async (): Promise<void> => {
  await expect.poll(() => page.locator('dialog.viewer .picture img').evaluateAll(all => all.length === 1 && all.every(i => i instanceof HTMLImageElement && i.complete && i.naturalWidth > 0))).toBe(true)
}

const pictures = (what: string): Promise<void> =>
  looked(page, `viewer-${what}`, () => page.evaluate(() => Promise.all(document.getAnimations().map(a => a.finished.catch(() => undefined)))))

beforeAll(async () => {
  page = await b.page(desktop)
  await signIn(page)
  await dav('MKCOL', '/looking')
  const files: [string, string | Uint8Array<ArrayBuffer>][] = [
    ['a photo.jpg', await jpeg(page, 2400, 1600, '2019:07:14 18:30:05')], ['b small.png', png(64, 48, 1)], ['c tall.png', png(600, 1400, 2)],
    ['drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300" width="400" height="300"><rect width="400" height="300" fill="#cde"/><circle cx="200" cy="150" r="90" fill="#26a"/><script>alert(1)</script></svg>'],
    ['film.webm', await webm(page)], ['notes.txt', 'one\ntwo\nthree\n'], ['program.go', 'package main\n\n// main sails.\nfunc main() {\n\tprintln("north", 42)\n}\n'], ['README.md', readme],
    ['report.pdf', pdf(12)], ['tone.wav', wav(30)], ['unknown.bin', new Uint8Array([1, 2, 3])],
  ]
  for (const [name, body] of files) await dav('PUT', `/looking/${name}`, body)
  await read('/looking/a photo.jpg')
  await read('/looking/b small.png')
})

test('a picture: opened, enlarged, turned, and the next', async () => {
  await open(page, '/looking')
  await row(page, 'a photo.jpg').getByRole('link').click()
  await drawn()
  expect(new URL(page.url()).searchParams.get('view')).toBe('/looking/a photo.jpg')
  await viewer().getByText('1 of 11').waitFor()
  const before = await page.locator('dialog.viewer .picture img').boundingBox()
  await viewer().getByRole('button', { name: 'Larger' }).click()
  const after = await page.locator('dialog.viewer .picture img').boundingBox()
  expect(after?.width).toBeCloseTo((before?.width ?? 0) * 1.5, 0)
  await viewer().getByRole('button', { name: 'Turn' }).click()
  await expect.poll(async () => { const box = await page.locator('dialog.viewer .picture img').boundingBox(); return (box?.height ?? 0) > (box?.width ?? 0) }).toBe(true)
  await page.mouse.move(500, 400)
  await page.mouse.wheel(0, -300)
  await expect.poll(async () => (await page.locator('dialog.viewer .picture img').boundingBox())?.height ?? 0).toBeGreaterThan(900)
  await viewer().getByRole('button', { name: 'Information' }).click()
  await viewer().getByText('Example Seaside 1').waitFor()
  await viewer().getByText('1/250 s · f/2.8 · 35 mm').waitFor()
  await viewer().getByText('54.30000° N, 13.10000° E').waitFor()
  await viewer().getByText('2,400 × 1,600 pixels').waitFor()
  await pictures('picture')
  await viewer().getByRole('button', { name: 'Close the information' }).click()
  await viewer().getByRole('button', { name: 'Next' }).click()
  await title().filter({ hasText: 'b small.png' }).waitFor()
  await drawn()
  expect(await page.locator('dialog.viewer .picture img').boundingBox()).toMatchObject({ width: 64, height: 48 }) // small ones are not blown up
  await page.reload()
  await title().filter({ hasText: 'b small.png' }).waitFor()
  await viewer().getByText('2 of 11').waitFor()
  await page.goBack()
  await viewer().waitFor({ state: 'detached' })
  await row(page, 'a photo.jpg').waitFor()
})

test('nothing jumps while a picture comes', async () => {
  await open(page, '/looking')
  let let_go = (): void => undefined
  const held = new Promise<void>(resolve => (let_go = resolve))
  await page.route('**/looking/a%20photo.jpg', async route => {
    if (route.request().method() === 'GET') await held
    await route.continue()
  })
  await row(page, 'a photo.jpg').getByRole('link').click()
  await page.locator('dialog.viewer .picture img.first:not(.unsized)').waitFor()
  const first = await page.locator('dialog.viewer .picture img.first').boundingBox()
  let_go()
  await drawn()
  expect(await page.locator('dialog.viewer .picture img').boundingBox()).toEqual(first)
  await page.unroute('**/looking/a%20photo.jpg')
  await page.keyboard.press('Escape')
  await viewer().waitFor({ state: 'detached' })
})

test('all by keys, and the focus comes back', async () => {
  await open(page, '/looking')
  await page.getByRole('grid', { name: 'Files' }).focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await drawn()
  const box = async () => (await page.locator('dialog.viewer .picture img').boundingBox()) ?? { x: 0, width: 0 }
  const width = (await box()).width
  await page.keyboard.press('+')
  await page.keyboard.press('+')
  expect((await box()).width).toBeCloseTo(width * 2.25, 0)
  const x = (await box()).x
  await page.keyboard.press('Shift+ArrowRight')
  expect((await box()).x).toBeCloseTo(x - 80, 0)
  await page.keyboard.press('0')
  expect((await box()).width).toBeCloseTo(width, 0)
  await page.keyboard.press('i')
  await page.getByRole('complementary', { name: 'About this file' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('complementary', { name: 'About this file' }).waitFor({ state: 'detached' })
  for (const name of ['b small.png', 'c tall.png', 'drawing.svg', 'film.webm']) {
    await page.keyboard.press('ArrowRight')
    await title().filter({ hasText: name }).waitFor()
  }
  await expect.poll(() => page.locator('video').evaluate((v: HTMLVideoElement) => v.videoWidth)).toBe(320)
  await page.keyboard.press('ArrowLeft')
  await title().filter({ hasText: 'drawing.svg' }).waitFor()
  await drawn()
  await page.keyboard.press('Escape')
  await viewer().waitFor({ state: 'detached' })
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Files')
})

test('sound is played and sought', async () => {
  await show('tone.wav')
  const at = () => page.locator('audio').evaluate((a: HTMLAudioElement) => a.currentTime)
  await expect.poll(() => page.locator('audio').evaluate((a: HTMLAudioElement) => a.duration)).toBeCloseTo(30, 0)
  await page.keyboard.press('l')
  expect(await at()).toBeGreaterThanOrEqual(10)
  await page.keyboard.press('l')
  await page.keyboard.press('j')
  expect(await at()).toBeLessThan(15)
  const playing = () => page.locator('audio').evaluate((a: HTMLAudioElement) => !a.paused)
  const was = await playing()
  await page.keyboard.press(' ')
  await expect.poll(playing).toBe(!was)
  await pictures('sound')
})

test('Markdown is shown as it is meant, and harms nobody', async () => {
  await show('README.md')
  await viewer().getByRole('heading', { level: 2, name: 'Sailing in August' }).waitFor()
  await expect.poll(() => page.locator('dialog.viewer .written img').evaluateAll(all => all.map(i => (i as HTMLImageElement).naturalWidth))).toEqual([64])
  expect(await page.locator('dialog.viewer .written a').evaluateAll(all => all.map(a => a.getAttribute('href')))).toEqual(['/apps/files/files?dir=%2Flooking&view=%2Flooking%2Fnotes.txt', 'https://maps.example/'])
  expect(await page.locator('dialog.viewer .written script').count()).toBe(0)
  await pictures('markdown')
})

test('a text is changed; two who change it at once lose nothing', async () => {
  await show('program.go')
  await page.locator('.cm-lineNumbers').getByText('5', { exact: true }).waitFor()
  await page.keyboard.press('e')
  await page.locator('.cm-content[contenteditable=true]').waitFor()
  await page.keyboard.press('Control+End')
  await page.keyboard.type('// more')
  await page.getByText('Not saved yet').waitFor()
  await pictures('editor')
  await page.keyboard.press('Control+s')
  await page.getByText('Saved.').waitFor()
  expect(await (await dav('GET', '/looking/program.go')).text()).toContain('}\n// more')

  await page.keyboard.type(' and mine')
  await dav('PUT', '/looking/program.go', 'package theirs\n')
  await viewer().getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Somebody else has changed this file' }).waitFor()
  await accessible(page, 'the conflict')
  await shoot(page, 'viewer-conflict')
  await page.getByRole('button', { name: 'Keep mine as a copy' }).click()
  await page.getByText('Your text is saved as “program (2).go”.').waitFor()
  await page.locator('.cm-content').getByText('package theirs').waitFor()
  expect(await (await dav('GET', '/looking/program (2).go')).text()).toContain('// more and mine')
  expect(await (await dav('GET', '/looking/program.go')).text()).toBe('package theirs\n')
  await dav('DELETE', '/looking/program (2).go')
  b.forgive(/412/)
})

test('what is not saved is not lost by leaving', async () => {
  await open(page, '/looking')
  await row(page, 'notes.txt').getByRole('link').click()
  await viewer().getByRole('button', { name: 'Edit' }).click()
  await page.locator('.cm-content[contenteditable=true]').click()
  await page.keyboard.press('Control+End')
  await page.keyboard.type('four')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: 'Save your changes?' }).waitFor()
  await page.getByRole('button', { name: 'Go on writing' }).click()
  await page.getByText('Not saved yet').waitFor()
  await viewer().getByRole('button', { name: 'Close', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).last().click()
  await viewer().waitFor({ state: 'detached' })
  expect(await (await dav('GET', '/looking/notes.txt')).text()).toBe('one\ntwo\nthree\nfour')
})

test('a PDF: drawn page by page, with its words', async () => {
  await show('report.pdf')
  await viewer().getByText('Chapter 1', { exact: true }).waitFor()
  await expect.poll(() => page.locator('.sheet canvas').count()).toBeGreaterThan(0)
  expect(await page.locator('.sheet').count()).toBeLessThan(6)
  const inked = await page.locator('.sheet canvas').first().evaluate((c: HTMLCanvasElement) => {
    const { data } = (c.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, c.width, Math.floor(c.height / 4))
    return data.some((v, i) => i % 4 < 3 && v < 128)
  })
  expect(inked).toBe(true) // letters, of a font that is not in the file
  await pictures('pdf')
  await viewer().getByRole('textbox', { name: 'Page' }).fill('9')
  await page.keyboard.press('Enter')
  await viewer().getByText('Chapter 9', { exact: true }).waitFor()
  await page.locator('.scroller').focus()
  const width = (await page.locator('.sheet').first().boundingBox())?.width ?? 0
  await page.keyboard.press('+')
  await expect.poll(async () => (await page.locator('.sheet').first().boundingBox())?.width).toBeCloseTo(width * 1.25, 0)
})

test('what cannot be shown is offered', async () => {
  await show('unknown.bin')
  await viewer().getByText('BIN file, 3 bytes').waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), viewer().getByRole('link', { name: 'Download' }).last().click()])
  expect(download.suggestedFilename()).toBe('unknown.bin')
  await pictures('other')
  await page.goto(`${base}/apps/files/files?dir=%2Flooking&view=%2Flooking%2Fnever.txt`)
  await page.getByRole('heading', { name: 'This file cannot be shown' }).waitFor()
  await page.getByRole('button', { name: 'Close' }).last().click()
  await row(page, 'notes.txt').waitFor()
  b.forgive(/404/)
})
