import { onBeforeUnmount, type Ref, watch } from 'vue'
import type { FilesHandle } from './pointing'

/** How far each page of the browser's history was scrolled, by its place in the history. */
const kept = new Map<number, number>()
/** Whether the last step was one through the history. */
let stepped = false
addEventListener('popstate', () => (stepped = true))

const place = (): number => {
  const state = history.state as { position?: unknown } | null
  return typeof state?.position === 'number' ? state.position : 0
}

/** Has a list be where it was scrolled to when somebody comes back to it, and else at its top. key tells one list from another, there whether it has come. */
export function useScrolls(key: () => string, there: () => boolean, list: Readonly<Ref<FilesHandle | null>>): void {
  let here = place()

  function keep(): void {
    if (list.value) kept.set(here, list.value.scrolled())
  }

  watch(key, () => {
    keep()
    here = place()
    if (!stepped) for (const other of kept.keys()) if (other >= here) kept.delete(other)
  }, { flush: 'pre' })
  watch([key, there, list], ([now, come], [before]) => {
    if (now !== before && list.value?.scrolled()) list.value.scrollTo(0)
    if (!come || !list.value) return
    const to = stepped ? kept.get(place()) : undefined
    stepped = false
    if (to) list.value.scrollTo(to)
  }, { flush: 'post' })
  onBeforeUnmount(keep)
}
