import type { Setting } from '../../api/admin'
import { t } from '../../kit/words'
import type { Worded } from './words/words'

/** A value as a person reads and types it: a list of groups with commas. */
export function forPerson(s: Setting): string {
  if (s.kind !== 'groups') return s.value
  try {
    const ids: unknown = JSON.parse(s.value)
    return Array.isArray(ids) ? ids.join(', ') : ''
  } catch {
    return ''
  }
}

/** The opposite of forPerson. */
export function fromPerson(s: Setting, typed: string): string {
  if (s.kind !== 'groups') return typed.trim()
  return JSON.stringify(typed.split(',').map(g => g.trim()).filter(g => g !== ''))
}

/** What can be chosen, the value that holds included; none for what is typed. */
export function choicesOf(s: Setting, words: Worded): { value: string; label: string }[] {
  const named = words.choices ?? {}
  const values = s.oneOf.length > 0 ? s.oneOf : Object.keys(named)
  if (values.length === 0) return []
  return (values.includes(s.value) ? values : [...values, s.value]).map(value => ({ value, label: named[value] ?? value }))
}

/** Where a value comes from, in words. */
export function sourceOf(s: Setting): string {
  const words = {
    'default': t('Default'), 'here': t('Set here'), 'file': t('File'), 'environment': t('Environment'), 'command-line': t('Command line'),
  }
  return words[s.source]
}

/** Whether what a setting hangs on is on. */
export function matters(words: Worded, all: ReadonlyMap<string, Setting>, byKey: ReadonlyMap<string, Worded>): boolean {
  if (!words.needs) return true
  const on = all.get(words.needs)
  const above = byKey.get(words.needs)
  return (on === undefined || (on.value !== 'no' && on.value !== '0')) && (!above || matters(above, all, byKey))
}
