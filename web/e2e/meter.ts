import type { CDPSession, Page } from 'playwright-core'

// What a page weighs and how long it takes, as the browser itself saw it.

/** What the page is asked for after it was shown. */
export interface Shown {
  /** Milliseconds from the navigation to the largest thing painted. */
  lcp: number
  /** Milliseconds from the navigation until the first row was in the document, and painted. */
  row: number
  /** What had been asked of the server until then, but for scripts, styles and pictures. */
  asked: string[]
}

interface Notes {
  lcp: number
  shifts: number
  events: { name: string; took: number }[]
  row: number
  /** When the first row was put into the document. */
  put: number
}

type Noted = { meter: Notes }
type Opened = { opened: { painted: number; began: number } }

/** Has the browser note what the page does from its beginning on. To be called before the page is opened. */
export async function metered(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const meter: Notes = { lcp: 0, shifts: 0, events: [], row: 0, put: 0 }
    ;(globalThis as unknown as Noted).meter = meter
    const watch = (type: string, each: (entry: PerformanceEntry) => void, more: object = {}): void =>
      new PerformanceObserver(list => list.getEntries().forEach(each)).observe({ type, buffered: true, ...more })
    watch('largest-contentful-paint', entry => (meter.lcp = entry.startTime))
    watch('layout-shift', entry => {
      const { value, hadRecentInput } = entry as unknown as { value: number; hadRecentInput: boolean }
      if (!hadRecentInput) meter.shifts += value
    })
    watch('event', entry => {
      const { name, duration, interactionId } = entry as unknown as { name: string; duration: number; interactionId: number }
      if (interactionId > 0) meter.events.push({ name, took: duration })
    }, { durationThreshold: 16 })
    const rows = new MutationObserver(() => {
      if (!document.querySelector('.virtual [role=row]')) return
      rows.disconnect()
      meter.put = performance.now()
      requestAnimationFrame(() => setTimeout(() => (meter.row = performance.now())))
    })
    rows.observe(document, { childList: true, subtree: true })
  })
}

/** What was noted since the page was opened; it waits for the first row. */
export async function shown(page: Page): Promise<Shown> {
  await page.waitForFunction(() => (globalThis as unknown as Noted).meter.row > 0)
  return page.evaluate(() => {
    const { lcp, row, put } = (globalThis as unknown as Noted).meter
    const asked = (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter(e => e.startTime < put && e.initiatorType === 'fetch' && !e.name.includes('/webui/'))
    return { lcp, row, asked: asked.map(e => new URL(e.name).pathname) }
  })
}

/** How much has moved by itself since the page was opened, as the layout shift score has it: 0.1 is what browsers call good, 0.001 nobody sees. */
export const shifts = (page: Page): Promise<number> => page.evaluate(() => (globalThis as unknown as Noted).meter.shifts)

/** Does something a person does and tells how long the page took to show that it heard: the slowest event of it, 0 for under 16 ms. */
export async function interaction(page: Page, act: () => Promise<unknown>): Promise<number> {
  await page.evaluate(() => void (globalThis as unknown as Noted).meter.events.splice(0))
  await act()
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => setTimeout(() => requestAnimationFrame(() => setTimeout(done, 50))))))
  return page.evaluate(() => Math.max(0, ...(globalThis as unknown as Noted).meter.events.map(e => e.took)))
}

/** Opens a folder whose names begin with a word, and tells the milliseconds until its first rows were painted: since the act, and since the end of the answer. */
export async function opened(page: Page, folder: string, word: string, act: () => Promise<unknown>): Promise<{ since: number; after: number; took: number }> {
  await page.evaluate(begins => {
    performance.clearResourceTimings()
    const marks = { painted: 0, began: 0 }
    ;(globalThis as unknown as Opened).opened = marks
    addEventListener('pointerup', () => (marks.began = performance.now()), { once: true, capture: true })
    const rows = new MutationObserver(() => {
      if (!document.querySelector(`.virtual [role=row][aria-label^="${begins}"]`)) return
      rows.disconnect()
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel() // its news come before timers, in which the page may go on
        port1.onmessage = () => (marks.painted = performance.now())
        port2.postMessage(0)
      })
    })
    rows.observe(document, { childList: true, subtree: true, attributes: true })
  }, word)
  await page.waitForFunction(() => (globalThis as unknown as Opened).opened.painted === 0) // has Playwright load what it waits with, which would else be measured too
  await act()
  await page.waitForFunction(() => (globalThis as unknown as Opened).opened.painted > 0, undefined, { polling: 50, timeout: 120_000 })
  await page.locator('footer.status').waitFor()
  const ended = await page.waitForFunction(at => { // it is noted once the answer has come whole, which may be later
    const { painted, began } = (globalThis as unknown as Opened).opened
    const answer = (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).findLast(e => decodeURIComponent(e.name).endsWith(at))
    return answer && { since: painted - began, after: painted - answer.responseEnd, took: answer.responseEnd - answer.startTime }
  }, folder)
  const times = await ended.jsonValue()
  if (!times) throw new Error(`${folder} was not asked for`)
  return times
}

/** Scrolls through the list for some time, as a wheel does, and tells how many frames a second were shown, and in how many the drawn rows did not fill what is in sight. */
export async function scrolling(page: Page, ms: number, step: number): Promise<{ rate: number; slowest: number; blank: number; frames: number }> {
  return page.getByRole('grid').evaluate(async (grid, { ms, step }) => {
    const box = grid.getBoundingClientRect()
    const rows = grid.querySelector('.drawn')
    const frame = (): Promise<number> => new Promise(requestAnimationFrame)
    const began = await frame()
    let [last, frames, slowest, blank] = [began, 0, 0, 0]
    while (last - began < ms) {
      grid.scrollTop += step
      const now = await frame()
      slowest = Math.max(slowest, now - last)
      last = now
      frames++
      const drawn = rows?.getBoundingClientRect() // what lies at a point would cost more than a frame
      if (!drawn || drawn.top > box.top + 1 || drawn.bottom < box.bottom - 1) blank++
    }
    return { rate: (frames * 1000) / (last - began), slowest, blank, frames }
  }, { ms, step })
}

/** Counts the processor time of the page's main thread, whatever else the machine does: the milliseconds that something took of it. */
export async function working(page: Page): Promise<(act: () => Promise<unknown>) => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const now = async (): Promise<number> => (await session.send('Performance.getMetrics')).metrics.find(m => m.name === 'TaskDuration')?.value ?? 0
  return async act => {
    const before = await now()
    await act()
    return ((await now()) - before) * 1000
  }
}

const slowed = new WeakMap<Page, CDPSession>()

/** Makes the browser's processor slower by so much; 1 is as it is. */
export async function throttle(page: Page, rate: number): Promise<void> {
  const session = slowed.get(page) ?? (await page.context().newCDPSession(page)) // what one session asked for, another does not take back
  slowed.set(page, session)
  await session.send('Emulation.setCPUThrottlingRate', { rate })
}
