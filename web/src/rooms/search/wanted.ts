import type { Filters, Hit } from '../../api/search'
import { parentOf } from '../../kit/paths'

/** What is looked for. Empty texts narrow nothing. */
export interface Wanted {
  term: string
  type: string
  /** Days back. */
  days: string
  person: string
  tag: string
  /** The folder below which to look. */
  folder: string
}

/** One sort of finds under its heading. */
export interface Group {
  id: string
  label: string
  hits: Hit[]
}

export const nothing: Wanted = { term: '', type: '', days: '', person: '', tag: '', folder: '' }

export const narrowed = (wanted: Wanted): boolean => [wanted.type, wanted.days, wanted.person, wanted.tag].some(text => text !== '')
export const empty = (wanted: Wanted): boolean => wanted.term.trim() === '' && !narrowed(wanted)

/** The filters as the server names them. */
export function filtersOf(wanted: Wanted, now = Date.now()): Filters {
  const all: Record<string, string> = {}
  if (wanted.type !== '') all.type = wanted.type
  if (wanted.days !== '') all.since = String(Math.floor(now / 1000) - Number(wanted.days) * 86_400)
  if (wanted.person !== '') all.person = wanted.person
  if (wanted.tag !== '') all.tag = wanted.tag
  if (wanted.folder !== '' && wanted.folder !== '/') all.path = wanted.folder
  return all
}

/** Leaves out what stands in an earlier group already, and empty groups. */
export function tidy(groups: readonly Group[]): Group[] {
  const seen = new Set<string>()
  return groups.map(group => ({
    ...group,
    hits: group.hits.filter(hit => {
      const before = hit.id !== '' && seen.has(hit.id)
      seen.add(hit.id)
      return !before
    }),
  })).filter(group => group.hits.length > 0)
}

/** Where a find is shown in its folder. */
export const placeOf = (hit: Hit): string =>
  hit.folder ? `/apps/files/files?dir=${encodeURIComponent(hit.path)}` : `/apps/files/files/${hit.id}?dir=${encodeURIComponent(parentOf(hit.path))}`
