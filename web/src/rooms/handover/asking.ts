import { goWith } from '../../kit/way'

/** The word in the address that names what is to be handed over: its path. */
export const query = 'handover'

/** What had the focus when it was asked; null if the address was opened as it is. */
let before: Element | null = null

/** Asks to whom something is to be offered. */
export async function ask(path: string): Promise<void> {
  before = document.activeElement
  await goWith({ [query]: path })
}

/** Asks no more, and gives the focus back. */
export async function leave(): Promise<void> {
  const back = before
  before = null
  if (!back) return goWith({ [query]: undefined })
  history.back()
  addEventListener('popstate', () => requestAnimationFrame(() => back instanceof HTMLElement && back.isConnected && back.focus({ preventScroll: true })), { once: true })
}
