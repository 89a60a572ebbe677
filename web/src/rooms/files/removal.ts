import type { Entry } from '../../api/dav'
import { purge, restore, trash } from '../../api/trash'
import { capabilities, capability } from '../../kit/capabilities'
import { complain, tell } from '../../kit/notices'
import type { Selection } from '../../kit/selection'
import { each } from '../../kit/some'
import { t } from '../../kit/words'
import { type Removal, removeAll } from './actions/remove'
import type { Listing } from './listing'

/** Deleting, and having back what was deleted. point selects what is back. */
export function useRemoval(user: string, folder: Listing, selection: Selection<Entry>, point: (ids: string[]) => void) {
  /** Whether what is deleted can be had back. */
  const undeletes = (): boolean => capability(capabilities.value, 'files', 'undelete') === true

  /** Puts entries into the trash. */
  async function remove(entries: readonly Entry[]): Promise<void> {
    const { gone, failed } = await removeAll(user, entries)
    folder.drop(gone)
    selection.clear()
    const words = entries.length === 1 ? t('“{name}” moved to the trash.', { name: entries[0]?.name ?? '' }) : t('{n, plural, one {# item} other {# items}} moved to the trash.', { n: gone.size })
    if (gone.size > 0) tell(words, { label: t('Undo'), run: () => void undelete(gone) })
    mourn(failed)
  }

  function mourn(failed: Removal['failed']): void {
    for (const { entry, error } of failed.slice(0, 3)) complain(t('“{name}” was not deleted.', { name: entry.name }), error)
    if (failed.length > 3) complain(t('{n, plural, one {# item was} other {# items were}} not deleted.', { n: failed.length }), failed[3]?.error)
  }

  /** Takes what was just deleted out of the trash again. What lies in the trash more than once comes back as it was last. */
  async function undelete(ids: ReadonlySet<string>): Promise<void> {
    try {
      const wanted = new Set(ids)
      const found = (await trash(user)).filter(thing => wanted.delete(thing.file))
      const { failed } = await each(found, thing => restore(user, thing.key))
      if (failed[0]) complain(t('“{name}” stays in the trash.', { name: failed[0].thing.name }), failed[0].error)
      await folder.reload()
      if (found.length > failed.length) point([...ids])
    } catch (error) {
      complain(t('It stays in the trash.'), error)
    }
  }

  /** Deletes so that nothing can be had back. */
  async function erase(entries: readonly Entry[], told: (done: number) => void): Promise<void> {
    const { gone, failed } = await removeAll(user, entries, told)
    folder.drop(gone)
    selection.clear()
    try {
      const left = undeletes() ? (await trash(user)).filter(thing => gone.has(thing.file)) : []
      failed.push(...(await each(left, thing => purge(user, thing.key))).failed.flatMap(({ thing, error }) => entries.filter(e => e.id === thing.file).map(entry => ({ entry, error }))))
    } catch (error) {
      complain(t('What was deleted lies in the trash.'), error)
      return
    }
    mourn(failed)
    if (failed.length === entries.length) return
    tell(entries.length === 1 ? t('“{name}” deleted for good.', { name: entries[0]?.name ?? '' }) : t('{n, plural, one {# item} other {# items}} deleted for good.', { n: entries.length - failed.length }))
  }

  return { undeletes, remove, erase }
}
