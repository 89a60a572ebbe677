import { type Entry, remove } from '../../../api/dav'
import { ApiError } from '../../../api/http'
import { each } from '../../../kit/some'

export interface Removal {
  /** Ids of what is gone. */
  gone: Set<string>
  failed: { entry: Entry; error: unknown }[]
}

/** Deletes entries, some at a time, and tells after each how many are done. */
export async function removeAll(user: string, entries: readonly Entry[], told?: (done: number) => void): Promise<Removal> {
  const { done, failed } = await each(entries, async entry => {
    try {
      await remove(user, entry.path)
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error // it is gone, which was wanted
    }
  }, told)
  return { gone: new Set(done.map(e => e.id)), failed: failed.map(({ thing, error }) => ({ entry: thing, error })) }
}

/** The names of some entries, for a question: at most `room` of them, and how many more there are. */
export function naming(entries: readonly { name: string }[], room = 6): { names: string[]; more: number } {
  const shown = entries.length > room ? room - 1 : room
  return { names: entries.slice(0, shown).map(e => e.name), more: Math.max(0, entries.length - shown) }
}
