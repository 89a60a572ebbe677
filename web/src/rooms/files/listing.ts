import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { type Entry, stat } from '../../api/dav'
import { join, parentOf } from '../../kit/paths'
import { painted } from '../../ui/painted'

/** Files and folders that are listed together. */
export interface Listed {
  /** The folder they are in, if they are in one. */
  folder?: Entry
  entries: Entry[]
  /** What the folder says of itself; '' for nothing. */
  readme: string
}

/** Where a list of files comes from: a folder, or something that gathers files from everywhere. */
export interface Source {
  /** Tells it from other sources: the path of a folder, or a word. */
  key: string
  /** The path of the folder, '' if it is none. */
  path: string
  /** counted is told how many entries have come, so what the beginning of a long list is, which keeps its promise when that is drawn. */
  list(signal: AbortSignal, counted: (n: number) => void, so: (begun: Listed) => Promise<void>): Promise<Listed>
}

export interface Listing {
  listing: Readonly<Ref<Listed | undefined>>
  entries: ComputedRef<Entry[]>
  error: Readonly<Ref<unknown>>
  /** Entries that have come so far, while a listing takes noticeably long. */
  coming: Readonly<Ref<number | undefined>>
  reload(): Promise<void>
  /** Puts entries where they belong, instead of what they were, without listing again. */
  put(...entries: Entry[]): void
  drop(ids: ReadonlySet<string>): void
  /** Lists again if the folder is not what it was. */
  glance(): Promise<void>
  /** Lists again soon; many calls together cost one listing. */
  touch(): void
}

/** How many lists are remembered, to be shown at once when somebody comes back. */
const remembered = 20
/** Milliseconds before a listing is admitted to be slow. */
const patience = 150
/** Milliseconds before a page that comes back to the front asks whether something has changed. */
const stale = 5000

const cache = new Map<string, Listed>()

/** The list of files that is being looked at. */
export function useListing(user: string, source: Readonly<Ref<Source>>): Listing {
  const whole = shallowRef<Listed>()
  /** The beginning of a list that has not come whole yet. */
  const begun = shallowRef<Listed>()
  const listing = computed(() => whole.value ?? begun.value)
  const error = shallowRef<unknown>()
  const coming = ref<number>()
  let under: AbortController | undefined
  let took = 0
  let loaded = 0
  /** Whether there was news while a list was under way, which may be older. */
  let late = false
  let soon: ReturnType<typeof setTimeout> | undefined

  function show(at: string, found: Listed): void {
    cache.delete(at)
    cache.set(at, found)
    const [oldest] = cache.keys()
    if (cache.size > remembered && oldest !== undefined) cache.delete(oldest)
    if (at === source.value.key) whole.value = found
  }

  async function load(): Promise<void> {
    under?.abort()
    const mine = (under = new AbortController())
    const { key: at, list } = source.value
    const began = performance.now()
    let n = 0
    late = false
    const slow = setTimeout(() => (coming.value = whole.value ? undefined : n), patience)
    try {
      const found = await list(mine.signal, so => {
        n = so
        if (coming.value !== undefined) coming.value = so
      }, now => {
        if (under === mine && !whole.value) begun.value = now
        return painted()
      })
      error.value = undefined
      show(at, found)
    } catch (problem) {
      if (mine.signal.aborted) return
      cache.delete(at)
      whole.value = begun.value = undefined
      error.value = problem
    } finally {
      clearTimeout(slow)
      took = performance.now() - began
      loaded = Date.now()
      if (under === mine) {
        under = coming.value = undefined
        if (late) touch()
      }
    }
  }

  function change(make: (entries: Entry[]) => Entry[]): void {
    if (whole.value) show(source.value.key, { ...whole.value, entries: make(whole.value.entries) })
  }

  function touch(): void {
    soon ??= setTimeout(() => {
      soon = undefined
      void load()
    }, Math.max(1000, took * 10))
  }

  async function back(): Promise<void> {
    if (document.visibilityState === 'visible' && Date.now() - loaded >= stale) await glance()
  }

  async function glance(): Promise<void> {
    late = under !== undefined
    if (late || !whole.value) return
    const { path } = source.value
    const now = path === '' ? undefined : await stat(user, path).catch(() => undefined)
    if (path === source.value.path && whole.value && (!now || now.etag !== whole.value.folder?.etag)) await load() // or one has gone on meanwhile
  }

  watch(() => source.value.key, at => {
    whole.value = cache.get(at)
    begun.value = undefined
    error.value = undefined
    coming.value = undefined
    void load()
  }, { immediate: true })
  document.addEventListener('visibilitychange', back)
  onScopeDispose(() => {
    document.removeEventListener('visibilitychange', back)
    clearTimeout(soon)
    under?.abort()
  })

  return {
    listing,
    entries: computed(() => listing.value?.entries ?? []),
    error,
    coming,
    reload: load,
    put(...now) {
      const news = new Map(now.map(e => [e.id, e]))
      change(all => [...all.filter(e => !news.has(e.id)), ...now])
    },
    drop: ids => change(all => all.filter(e => !ids.has(e.id))),
    glance,
    touch,
  }
}

/** The entry under another name. */
export const renamed = (entry: Entry, name: string): Entry => ({ ...entry, name, path: join(parentOf(entry.path), name) })
