import { onBeforeUnmount, onMounted } from 'vue'
import { beat } from '../api/status'
import { afterFirst } from './first'

/** How often the server is told that somebody is here; it takes the silence of a quarter of an hour for leaving. */
const every = 5 * 60_000

/** Tells the server, as long as the page is open, whether somebody is at it. */
export function usePresence(): void {
  let moved = Date.now()
  let timer: ReturnType<typeof setInterval> | undefined
  const move = (): void => void (moved = Date.now())
  const tell = (): void => void beat(!document.hidden && Date.now() - moved < every ? 'online' : 'away').catch(() => undefined) // the next one may get through
  const signs = ['pointerdown', 'keydown', 'visibilitychange'] as const

  onMounted(() => {
    for (const sign of signs) document.addEventListener(sign, move, { passive: true })
    timer = setInterval(tell, every)
    void afterFirst().then(tell)
  })
  onBeforeUnmount(() => {
    clearInterval(timer)
    for (const sign of signs) document.removeEventListener(sign, move)
  })
}
