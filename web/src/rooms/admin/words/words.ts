import type { AdminThing } from '../../../kit/room'

/** A setting in words. */
export interface Worded {
  /** Its app and name: 'core/shareapi_enabled'. */
  key: string
  label: string
  help?: string
  /** What stands behind a number. */
  unit?: string
  /** What the choices are called. */
  choices?: Record<string, string>
  /** The switch that must be on for this to mean anything, or with ! before it off. */
  needs?: string
}

/** Settings that belong together. */
export interface Section {
  title: string
  note?: string
  settings: readonly Worded[]
}

/** The place of a setting on its page. */
export const anchor = (key: string): string => key.replace('/', '-')

/** What a search finds of some sections. */
export const thingsOf = (sections: readonly Section[]): AdminThing[] =>
  sections.flatMap(s => s.settings.map(w => ({ id: anchor(w.key), label: w.label, more: `${w.help ?? ''} ${s.title} ${w.key}` })))
