import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { useRouter } from 'vue-router'
import { type Filters, type Hit, type Provider, providers, search } from '../../api/search'
import { stat } from '../../api/dav'
import { useOpeners } from '../../kit/offers'
import { complain } from '../../kit/notices'
import { who } from '../../kit/person'
import { t } from '../../kit/words'
import { type Group, type Wanted, empty, filtersOf, placeOf, tidy } from './wanted'

/** Milliseconds that somebody may pause between letters before the search begins. */
const pause = 120
const few = 6
const kept = 'atrium.search.recent'

/** What was looked for on this device, the last first. */
export function recent(): string[] {
  return (localStorage.getItem(kept) ?? '').split('\n').filter(term => term !== '')
}

export function remember(term: string): void {
  const clean = term.trim().replaceAll('\n', ' ')
  if (clean !== '') localStorage.setItem(kept, [clean, ...recent().filter(old => old !== clean)].slice(0, 8).join('\n'))
}

export const forgetRecent = (): void => localStorage.removeItem(kept)

let known: Promise<Provider[]> | undefined
/** Those who can be asked with these filters. */
async function able(filters: Filters): Promise<Provider[]> {
  known ??= providers()
  known.catch(() => (known = undefined))
  return (await known).filter(p => Object.keys(filters).every(name => p.filters.has(name)))
}

/** Who is asked for files, the best finds first. */
const finders = ['files', 'systemtags', 'fulltextsearch']

/** Looks while somebody types: what is in the folder, names anywhere, tags, what is in files. */
export function useLive(wanted: Ref<Wanted>, here: Ref<string>) {
  const groups = shallowRef<Group[]>([])
  const busy = ref(false)
  const trouble = shallowRef<unknown>()
  let under: AbortController | undefined
  let soon: ReturnType<typeof setTimeout> | undefined

  async function look(): Promise<void> {
    under?.abort()
    const { signal } = (under = new AbortController())
    const { term } = wanted.value
    const filters = filtersOf(wanted.value)
    const found = new Map<string, Group>()
    const show = (id: string, label: string, hits: readonly Hit[]): void => {
      if (signal.aborted) return
      found.set(id, { id, label, hits: hits.filter(hit => hit.id !== '') })
      groups.value = tidy(['here', ...finders].flatMap(of => found.get(of) ?? []))
    }
    busy.value = true
    try {
      const can = new Set((await able(filters)).map(p => p.id))
      const ask = async (id: string, provider: string, label: string, more: Filters): Promise<void> => {
        if (can.has(provider)) show(id, label, (await search(provider, term, more, few, '', signal)).hits)
      }
      await Promise.all([
        here.value === '/' || filters.path ? undefined : ask('here', 'files', t('In this folder'), { ...filters, path: here.value }),
        ask('files', 'files', t('Names'), filters),
        term.trim().length < 2 ? undefined : ask('systemtags', 'systemtags', t('Tags'), filters),
        term.trim().length < 2 ? undefined : ask('fulltextsearch', 'fulltextsearch', t('In files'), filters),
      ])
      trouble.value = undefined
      if (found.size === 0) groups.value = []
    } catch (error) {
      if (!signal.aborted) trouble.value = error
    } finally {
      if (!signal.aborted) busy.value = false
    }
  }

  watch(wanted, () => {
    clearTimeout(soon)
    if (!empty(wanted.value)) return void (soon = setTimeout(() => void look(), pause))
    under?.abort()
    groups.value = []
    busy.value = false
  }, { deep: true })
  onScopeDispose(() => {
    clearTimeout(soon)
    under?.abort()
  })
  return { groups, busy, trouble }
}

/** All that is found, page by page: names first, then tags, then what is in files. */
export async function* everything(wanted: Wanted, signal: AbortSignal): AsyncGenerator<Hit[]> {
  const filters = filtersOf(wanted)
  const can = (await able(filters)).map(p => p.id)
  const seen = new Set<string>()
  for (const provider of finders.filter(id => can.includes(id))) {
    if (provider !== 'files' && wanted.term.trim() === '') continue
    for (let from = ''; ;) {
      const page = await search(provider, wanted.term, filters, 50, from, signal)
      yield page.hits.filter(hit => hit.id !== '' && !seen.has(hit.id))
      for (const hit of page.hits) seen.add(hit.id)
      from = page.next
      if (from === '') break
    }
  }
}

/** Opens what was found, as it would be opened where it lies. */
export function useOpen(): (hit: Hit) => Promise<void> {
  const router = useRouter()
  const open = useOpeners()
  return async hit => {
    if (hit.path === '') return location.assign(hit.url)
    try {
      const entry = hit.folder ? undefined : await stat(who.value.id, hit.path)
      if (!entry || !open(entry, [entry])) await router.push(placeOf(hit))
    } catch (error) {
      complain(t('“{name}” could not be opened.', { name: hit.title }), error)
    }
  }
}
