import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { type Gathered, type Photo, between, days, gathered } from '../../api/photos'
import { onNews } from '../../kit/live'
import { type Month, monthOf, monthsOf, span } from './months'

/** What is shown: all, the favourites, what carries a tag by its number, or an album by its name. */
export type Shown = '' | 'favourites' | `tag ${string}` | `album ${string}`

function gatheredBy(shown: Exclude<Shown, ''>): Gathered {
  if (shown === 'favourites') return { favourite: true }
  return shown.startsWith('tag ') ? { tag: shown.slice(4) } : { album: shown.slice(6) }
}

/** Milliseconds to wait for more news before they are looked after. */
const pause = 2000

/** The photos of somebody, month by month. Of all of them only those months are read that are asked for; an album is read whole. */
export function useTimeline(user: string, first: Shown) {
  const of = ref<Shown>(first)
  const months = shallowRef<readonly Month[]>()
  const known = shallowRef<ReadonlyMap<string, readonly Photo[]>>(new Map())
  const error = shallowRef<unknown>()
  const photos = computed(() => (months.value ?? []).flatMap(m => known.value.get(m.key) ?? []))
  const coming = new Set<string>()
  /** Months that are shown as they were, until they are read again. */
  const stale = new Set<string>()
  let under = new AbortController()

  function learn(key: string, found: readonly Photo[]): void {
    stale.delete(key)
    known.value = new Map([...known.value, [key, found]])
    const month = months.value?.find(m => m.key === key)
    if (month && month.count !== found.length) months.value = months.value?.map(m => (m === month ? { key, count: found.length } : m))
  }

  async function load(): Promise<void> {
    under.abort()
    const { signal } = (under = new AbortController())
    coming.clear()
    try {
      if (of.value === '') {
        const found = monthsOf(await days())
        if (signal.aborted) return
        for (const key of known.value.keys()) stale.add(key)
        months.value = found
      } else {
        const all = await gathered(user, gatheredBy(of.value), signal)
        const byMonth = new Map<string, Photo[]>()
        for (const photo of all) byMonth.set(monthOf(photo.taken), [...(byMonth.get(monthOf(photo.taken)) ?? []), photo])
        months.value = [...byMonth].map(([key, found]) => ({ key, count: found.length }))
        known.value = byMonth
      }
      error.value = undefined
    } catch (problem) {
      if (!signal.aborted) error.value = problem
    }
  }

  /** Has a month read that comes into sight. */
  async function want(key: string): Promise<void> {
    if (of.value !== '' || (known.value.has(key) && !stale.has(key)) || coming.has(key)) return
    coming.add(key)
    const { signal } = under
    try {
      const found = await between(user, ...span(key), signal)
      if (!signal.aborted) learn(key, found)
    } catch (problem) {
      if (!signal.aborted) error.value = problem
    } finally {
      if (!signal.aborted) coming.delete(key)
    }
  }

  function drop(ids: ReadonlySet<string>): void {
    for (const [key, found] of known.value) {
      const left = found.filter(p => !ids.has(p.id))
      if (left.length !== found.length) learn(key, left)
    }
    months.value = months.value?.filter(m => m.count > 0)
  }

  let soon: ReturnType<typeof setTimeout> | undefined
  onNews('files', () => {
    clearTimeout(soon)
    soon = setTimeout(() => void load(), pause)
  })
  watch(of, () => {
    months.value = undefined
    known.value = new Map()
    stale.clear()
    void load()
  }, { immediate: true })
  onScopeDispose(() => {
    clearTimeout(soon)
    under.abort()
  })

  return { of, months, known, photos, error, load, want, drop }
}
