import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { type Entry, type Listing, type Usage, list, stat, usage } from '../../api/dav'
import { join } from '../../kit/paths'

export interface Folder {
  listing: Readonly<Ref<Listing | undefined>>
  entries: ComputedRef<Entry[]>
  error: Readonly<Ref<unknown>>
  /** Entries that have come so far, while a listing takes noticeably long. */
  coming: Readonly<Ref<number | undefined>>
  space: Readonly<Ref<Usage | undefined>>
  reload(): Promise<void>
  /** Puts an entry where it belongs without listing again. */
  put(entry: Entry, insteadOf?: string): void
  drop(ids: ReadonlySet<string>): void
  /** Lists again if the folder is not what it was. */
  glance(): Promise<void>
  /** Lists again soon; many calls together cost one listing. */
  touch(): void
}

/** How many folders are remembered, to be shown at once when somebody comes back. */
const remembered = 20
/** Milliseconds before a listing is admitted to be slow. */
const patience = 150
/** Milliseconds before a page that comes back to the front asks whether something has changed. */
const stale = 5000

/** The folder that is being looked at. */
export function useFolder(user: string, path: Ref<string>): Folder {
  const cache = new Map<string, Listing>()
  const listing = shallowRef<Listing>()
  const error = shallowRef<unknown>()
  const coming = ref<number>()
  const space = shallowRef<Usage>()
  let under: AbortController | undefined
  let took = 0
  let loaded = 0
  let soon: ReturnType<typeof setTimeout> | undefined

  function show(at: string, found: Listing): void {
    cache.delete(at)
    cache.set(at, found)
    const [oldest] = cache.keys()
    if (cache.size > remembered && oldest !== undefined) cache.delete(oldest)
    if (at === path.value) listing.value = found
  }

  async function load(): Promise<void> {
    under?.abort()
    const mine = (under = new AbortController())
    const at = path.value
    const began = performance.now()
    let n = 0
    const slow = setTimeout(() => (coming.value = listing.value ? undefined : n), patience)
    try {
      const found = await list(user, at, mine.signal, so => {
        n = so
        if (coming.value !== undefined) coming.value = so
      })
      error.value = undefined
      show(at, found)
    } catch (problem) {
      if (mine.signal.aborted) return
      cache.delete(at)
      listing.value = undefined
      error.value = problem
    } finally {
      clearTimeout(slow)
      if (under === mine) coming.value = undefined
      took = performance.now() - began
      loaded = Date.now()
    }
  }

  async function measure(): Promise<void> {
    space.value = await usage(user).catch(() => space.value) // a meter is not worth a complaint
  }

  const reload = async (): Promise<void> => {
    await Promise.all([load(), measure()])
  }

  function change(make: (entries: Entry[]) => Entry[]): void {
    if (listing.value) show(path.value, { folder: listing.value.folder, entries: make(listing.value.entries) })
    void measure()
  }

  function touch(): void {
    soon ??= setTimeout(() => {
      soon = undefined
      void reload()
    }, Math.max(1000, took * 10))
  }

  async function back(): Promise<void> {
    if (document.visibilityState === 'visible' && Date.now() - loaded >= stale) await glance()
  }

  async function glance(): Promise<void> {
    if (!listing.value) return
    const now = await stat(user, path.value).catch(() => undefined)
    if (now?.etag !== listing.value?.folder.etag) await reload()
  }

  watch(path, at => {
    listing.value = cache.get(at)
    error.value = undefined
    coming.value = undefined
    void load()
  }, { immediate: true })
  void measure()
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
    space,
    reload,
    put: (entry, insteadOf) => change(all => [...all.filter(e => e.id !== insteadOf && e.id !== entry.id), entry]),
    drop: ids => change(all => all.filter(e => !ids.has(e.id))),
    glance,
    touch,
  }
}

/** The entry under another name. */
export const renamed = (entry: Entry, folder: string, name: string): Entry => ({ ...entry, name, path: join(folder, name) })
