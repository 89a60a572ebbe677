import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { desktop, looks, shoot } from './browser'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Waits until the page has taken notice of another size or theme, and nothing fades or moves any more but for what turns for ever. */
const still = (page: Page): Promise<void> => page.evaluate(async () => {
  await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))
  const ends = document.getAnimations().filter(a => Number.isFinite(a.effect?.getComputedTiming().endTime))
  await Promise.allSettled(ends.map(a => a.finished))
})

/** Has axe look for what would keep people out, and fails on anything it finds. */
export async function accessible(page: Page, where: string): Promise<void> {
  await still(page)
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe)
  const { violations } = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }
    return axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'], preload: { assets: ['media'] } })
  })
  expect(violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary}`)), `axe on ${where}`).toEqual([])
}

/** Fails if anything sticks out at the side. */
export async function fits(page: Page, where: string): Promise<void> {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth
    const sticksOut = (e: Element): boolean => {
      const box = e.getBoundingClientRect()
      return box.width > 1 && box.height > 1 && (box.right > room + 1 || box.left < -1)
    }
    const clipped = (e: Element): boolean => {
      const around = e.parentElement
      return around !== null && ((getComputedStyle(around).overflowX !== 'visible' && !sticksOut(around)) || clipped(around))
    }
    const out = [...document.querySelectorAll('body *')].filter(e => sticksOut(e) && !clipped(e))
    return out.map(e => `${e.tagName} ${e.className}`)
  })
  expect(wide, `${where} is wider than the window`).toEqual([])
}

/** Looks at a page as people with other screens and themes would see it, and brings it back to the desk. settled waits for what takes its time. */
export async function looked(page: Page, name: string, settled?: () => Promise<unknown>): Promise<void> {
  for (const look of looks) {
    const where = `${name}-${look.width}-${look.dark ? 'dark' : 'light'}`
    await page.setViewportSize(look)
    await page.emulateMedia({ colorScheme: look.dark ? 'dark' : 'light', reducedMotion: 'reduce' })
    await still(page)
    await settled?.()
    if ((look.width === 360) === look.dark) await accessible(page, where) // axe takes its time: two corners find what breaks
    await fits(page, where)
    await shoot(page, where)
  }
  await page.setViewportSize(desktop)
  await page.emulateMedia({ colorScheme: 'light' })
}
