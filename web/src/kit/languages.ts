import names from '../../../internal/base/tongue/languages/names.json'
import { type Catalogue, speak } from './words'

/** A language the page can be read in. */
export interface Language {
  /** As BCP 47 writes it: 'en', 'de'. */
  code: string
  /** What it calls itself: 'Deutsch'. */
  name: string
}

/** The languages there are catalogues for, English first. The server has the same list. */
export const languages: readonly Language[] = Object.entries(names).map(([code, name]) => ({ code, name }))

const catalogues = import.meta.glob<Catalogue>('../../../internal/base/tongue/languages/*/web.json', { import: 'default' })

/** What the page says in a language; undefined for English, which needs none, and for what there is nothing of. */
export async function catalogueOf(code: string): Promise<Catalogue | undefined> {
  return catalogues[`../../../internal/base/tongue/languages/${code}/web.json`]?.()
}

/** Has the page speak the language that the server made it in. It is awaited before anything that says something is even loaded. */
export async function speakAsPage(): Promise<void> {
  const wanted = document.documentElement.lang
  const catalogue = await catalogueOf(wanted).catch(() => undefined) // English is better than nothing
  if (catalogue) speak(wanted, catalogue)
}
