export type Column = 'name' | 'size' | 'modified'

export interface Order {
  column: Column
  down: boolean
}

interface Sortable {
  name: string
  folder: boolean
  size: number
  modified: number
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
const byName = (a: Sortable, b: Sortable): number => collator.compare(a.name, b.name) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

/** Sorts into a new array: folders always first, then by the column, then by name. */
export function sorted<T extends Sortable>(entries: readonly T[], { column, down }: Order): T[] {
  const way = down ? -1 : 1
  const by = column === 'name' ? byName : (a: T, b: T) => a[column] - b[column] || way * byName(a, b)
  return [...entries].sort((a, b) => Number(b.folder) - Number(a.folder) || way * by(a, b))
}

const marks = /\p{M}/gu
const plain = (s: string): string => s.normalize('NFD').replace(marks, '').toLowerCase()

/** Keeps the entries whose names contain all words of the query, without regard to case and accents. */
export function filtered<T extends { name: string }>(entries: readonly T[], query: string): readonly T[] {
  const words = plain(query).split(/\s+/).filter(w => w !== '')
  if (words.length === 0) return entries
  return entries.filter(e => {
    const name = plain(e.name)
    return words.every(w => name.includes(w))
  })
}

/** The index of the next entry after `from` whose name begins with the letters typed, going round; -1 for none. */
export function typed<T extends { name: string }>(entries: readonly T[], letters: string, from: number): number {
  const want = plain(letters)
  for (let i = 0; i < entries.length; i++) {
    const at = (from + i) % entries.length
    if (plain(entries[at]?.name ?? '').startsWith(want)) return at
  }
  return -1
}
