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
  if (column === 'name' && entries.length >= many && entries.every(e => simple.test(e.name))) return byKey(entries, way)
  const by = column === 'name' ? byName : (a: T, b: T) => a[column] - b[column] || way * byName(a, b)
  return [...entries].sort((a, b) => Number(b.folder) - Number(a.folder) || way * by(a, b))
}

/** From how many entries on comparing names as languages do takes too long where a plain comparison comes to the same. */
const many = 2000
const simple = /^[\w .()-]+$/

/** Under this, plain comparison puts names in the same order as the collator: numbers by their value, without regard to case. */
const keyOf = (name: string): string =>
  name.toLowerCase().replaceAll('_', '\u001f').replace(/\d+/g, digits => {
    const n = digits.replace(/^0+(?=\d)/, '')
    return `0${String.fromCharCode(0x30 + n.length)}${n}`
  })

function byKey<T extends Sortable>(entries: readonly T[], way: number): T[] {
  const keyed = entries.map(entry => ({ entry, key: keyOf(entry.name) }))
  keyed.sort((a, b) => Number(b.entry.folder) - Number(a.entry.folder) || way * (a.key < b.key ? -1 : a.key > b.key ? 1 : byName(a.entry, b.entry)))
  return keyed.map(k => k.entry)
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
