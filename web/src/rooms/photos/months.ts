import type { Day } from '../../api/photos'
import { locale } from '../../kit/words'

export interface Month {
  /** Such as '2026-11'. */
  key: string
  count: number
}

/** Adds days up to months; they stand in their order. */
export function monthsOf(days: readonly Day[]): Month[] {
  const months = new Map<string, number>()
  for (const { day, count } of days) months.set(day.slice(0, 7), (months.get(day.slice(0, 7)) ?? 0) + count)
  return [...months].map(([key, count]) => ({ key, count }))
}

/** The first moment of a month, and of the next, in milliseconds: cameras tell no zone, so theirs is taken for UTC. */
export function span(key: string): [number, number] {
  const [year = 1970, month = 1] = key.split('-').map(Number)
  return [Date.UTC(year, month - 1, 1), Date.UTC(year, month, 1)]
}

export const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7)

/** A month in words: 'November 2026'. */
export const named = (key: string): string => new Intl.DateTimeFormat(locale(), { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(span(key)[0])

/** A day in words: '22 November 2026'. */
export const dated = (ms: number): string => new Intl.DateTimeFormat(locale(), { dateStyle: 'long', timeZone: 'UTC' }).format(ms)
