import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Has axe look for what would keep people out, and fails on anything it finds. */
export async function accessible(page: Page, where: string): Promise<void> {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }
    return axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
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
