import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

/** Pixels that a mark has come down when letting go means something, and beyond which it does not come. */
export const enough = 56
const most = 84
/** How far it comes for each pixel of the finger. */
const ease = 0.5

/**
 * Lists something again when a finger pulls it down at its top. pulled is how far the mark has come, busy whether it is under way.
 * Without refresh nothing is pulled.
 */
export function usePull(box: Readonly<Ref<HTMLElement | null>>, refresh: () => (() => Promise<unknown>) | undefined): { pulled: Readonly<Ref<number>>; busy: Readonly<Ref<boolean>> } {
  const pulled = ref(0)
  const busy = ref(false)
  let from: { x: number; y: number } | undefined

  function start({ touches }: TouchEvent): void {
    const [finger] = touches
    from = finger && touches.length === 1 && !busy.value && refresh() && (box.value?.scrollTop ?? 1) <= 0 ? { x: finger.clientX, y: finger.clientY } : undefined
  }

  function go(event: TouchEvent): void {
    const [finger] = event.touches
    if (!from || !finger) return
    const down = finger.clientY - from.y
    const first = pulled.value === 0
    if (first && (down <= 0 || Math.abs(finger.clientX - from.x) > down)) return void (from = undefined) // it scrolls, or goes aside
    if (first) event.target?.dispatchEvent(new PointerEvent('pointercancel', { bubbles: true })) // the finger does not rest on anything
    event.preventDefault()
    pulled.value = Math.max(1, Math.min(most, down * ease))
  }

  async function end(): Promise<void> {
    const act = from && pulled.value >= enough ? refresh() : undefined
    from = undefined
    if (!act) return void (pulled.value = 0)
    pulled.value = enough
    busy.value = true
    try {
      await act()
    } finally {
      busy.value = false
      pulled.value = 0
    }
  }

  function stop(): void {
    from = undefined
    if (!busy.value) pulled.value = 0
  }

  onMounted(() => {
    box.value?.addEventListener('touchstart', start, { passive: true })
    box.value?.addEventListener('touchmove', go, { passive: false })
    box.value?.addEventListener('touchend', end)
    box.value?.addEventListener('touchcancel', stop)
  })
  onBeforeUnmount(stop) // the listeners go with the box
  return { pulled, busy }
}
