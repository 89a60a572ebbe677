import { computed, shallowRef, triggerRef, watch, type ComputedRef, type ShallowRef } from 'vue'

/** How a click or key changes what is selected. */
export type How = 'only' | 'toggle' | 'range' | 'move'

export interface Selection<T> {
  /** Where the keyboard is, -1 for nowhere. */
  active: ShallowRef<number>
  chosen: ComputedRef<T[]>
  has(row: T): boolean
  go(index: number, how: How): void
  all(): void
  clear(): void
  /** Selects exactly these, and leaves the keyboard where it is. */
  hold(ids: Set<string>): void
  /** Selects these and makes the first of them the active one. */
  show(ids: string[]): void
}

/** What is selected in a list of rows. Rows are known by their id, so that sorting and reloading keep it. */
export function useSelection<T extends { id: string }>(rows: ComputedRef<readonly T[]>): Selection<T> {
  const ids = shallowRef(new Set<string>())
  const active = shallowRef(-1)
  let activeId = ''
  let anchor = ''

  const at = (id: string): number => (id === '' ? -1 : rows.value.findIndex(r => r.id === id))
  const id = (index: number): string => rows.value[index]?.id ?? ''

  function put(index: number): void {
    active.value = index
    activeId = id(index)
  }

  function go(index: number, how: How): void {
    if (rows.value.length === 0) return
    const to = Math.min(Math.max(0, index), rows.value.length - 1)
    const from = at(anchor)
    put(to)
    if (how === 'move') return
    if (how === 'toggle') {
      if (!ids.value.delete(activeId)) ids.value.add(activeId)
      anchor = activeId
    } else if (how === 'range' && from >= 0) {
      ids.value = new Set(rows.value.slice(Math.min(from, to), Math.max(from, to) + 1).map(r => r.id))
    } else {
      ids.value = new Set([activeId])
      anchor = activeId
    }
    triggerRef(ids)
  }

  /** Drops what is not in the rows any more, and finds the active row again. */
  function settle(): void {
    const there = new Set(rows.value.map(r => r.id))
    const kept = [...ids.value].filter(i => there.has(i))
    if (kept.length !== ids.value.size) ids.value = new Set(kept)
    const now = at(activeId)
    if (now >= 0) active.value = now
    else put(Math.min(active.value, rows.value.length - 1))
  }
  watch(rows, settle)

  return {
    active,
    chosen: computed(() => (ids.value.size === 0 ? [] : rows.value.filter(r => ids.value.has(r.id)))),
    has: row => ids.value.has(row.id),
    go,
    all: () => (ids.value = new Set(rows.value.map(r => r.id))),
    clear: () => (ids.value = new Set()),
    hold: wanted => (ids.value = wanted),
    show(wanted) {
      ids.value = new Set(wanted)
      anchor = wanted[0] ?? ''
      put(at(anchor))
    },
  }
}
