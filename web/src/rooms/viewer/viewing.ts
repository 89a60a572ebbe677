import { computed, readonly, ref, shallowRef } from 'vue'
import { type Entry, list, stat } from '../../api/dav'
import { sorted } from '../../kit/order'
import { parentOf } from '../../kit/paths'
import { who } from '../../kit/person'
import { goWith } from '../../kit/way'

/** The word in the address that names the file which is looked at: its path. */
export const query = 'view'

const among = shallowRef<readonly Entry[]>([])
const shown = shallowRef<Entry>()
const problem = shallowRef<unknown>()
const playing = ref(false)
/** What had the focus before. */
let before: HTMLElement | undefined
/** Whether the address was made by opening something here, so that going back closes. */
let opened = false

/** What is looked at, and what is listed around it. */
export const viewing = {
  entry: readonly(shown) as Readonly<typeof shown>,
  problem: readonly(problem),
  playing,
  index: computed(() => among.value.findIndex(e => e.path === shown.value?.path)),
  count: computed(() => among.value.length),
  /** The one so many places further; undefined where there is none. */
  beside: (by: number): Entry | undefined => (among.value.length < 2 ? undefined : among.value[viewing.index.value + by]),
  all: among,
}

/** Opens a file among others. */
export async function view(entry: Entry, others: readonly Entry[]): Promise<void> {
  before = document.activeElement instanceof HTMLElement ? document.activeElement : undefined
  among.value = others.some(e => e.path === entry.path) ? others : [entry]
  shown.value = entry
  opened = true
  await goWith({ [query]: entry.path })
}

/** Shows what the address names; after a reload, among the files of its folder. */
export async function meet(path: string): Promise<void> {
  problem.value = undefined
  const known = among.value.find(e => e.path === path)
  if (known) {
    shown.value = known
    return
  }
  shown.value = undefined
  among.value = []
  try {
    const entry = await stat(who.value.id, path)
    shown.value = entry
    among.value = [entry]
    const listing = await list(who.value.id, parentOf(path))
    if (shown.value?.path === path) among.value = sorted(listing.entries.filter(e => !e.folder), { column: 'name', down: false })
  } catch (error) {
    if (!shown.value) problem.value = error
  }
}

/** Puts what is newly known of a file in the place of what was. */
export function renew(entry: Entry): void {
  among.value = among.value.map(e => (e.path === entry.path ? entry : e))
  if (shown.value?.path === entry.path) shown.value = entry
}

/** Whether going back in the browser closes. */
export const mayGoBack = (): boolean => opened

/** Forgets everything, and gives the focus back. */
export function leave(): void {
  among.value = []
  shown.value = problem.value = undefined
  opened = playing.value = false
  const back = before
  before = undefined
  requestAnimationFrame(() => back?.isConnected && back.focus({ preventScroll: true }))
}
