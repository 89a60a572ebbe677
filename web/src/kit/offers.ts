import { computed, inject, type ComputedRef } from 'vue'
import type { Entry } from '../api/dav'
import { type Capabilities, capabilities } from './capabilities'
import { complain } from './notices'
import { type FileAction, actionsKey, laterKey, openersKey, ranked } from './room'
import { t } from './words'

const possible = (offer: { needs?(caps: Capabilities): boolean }): boolean => offer.needs?.(capabilities.value) ?? true

/** What the rooms do with files, as far as the server can, by rank. A list of files offers it beside its own. */
export function useFileActions(): ComputedRef<FileAction[]> {
  const all = inject(actionsKey, [])
  const later = inject(laterKey, [])
  return computed(() => ranked([...all.filter(possible), ...later.flatMap(l => l.actions?.(capabilities.value) ?? [])]))
}

/** Opens a file with the first opener that takes it, and tells whether there was one. among are the rows around it, folders too. */
export function useOpeners(): (entry: Entry, among: readonly Entry[]) => boolean {
  const all = inject(openersKey, [])
  return (entry, among) => {
    const opener = entry.folder ? undefined : all.find(o => possible(o) && o.opens(entry))
    if (!opener) return false
    void Promise.resolve(opener.open(entry, among.filter(e => !e.folder)))
      .catch((error: unknown) => complain(t('“{name}” could not be opened.', { name: entry.name }), error))
    return true
  }
}
