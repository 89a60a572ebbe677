import { type Entry, remove } from '../../../api/dav'
import { ApiError } from '../../../api/http'

const workers = 3

export interface Removal {
  /** Ids of what is gone. */
  gone: Set<string>
  failed: { entry: Entry; error: unknown }[]
}

/** Deletes entries, some at a time, and tells after each how many are done. */
export async function removeAll(user: string, entries: readonly Entry[], told: (done: number) => void): Promise<Removal> {
  const result: Removal = { gone: new Set(), failed: [] }
  let next = 0
  const work = async (): Promise<void> => {
    for (let entry = entries[next++]; entry; entry = entries[next++]) {
      try {
        await remove(user, entry.path)
        result.gone.add(entry.id)
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) result.gone.add(entry.id)
        else result.failed.push({ entry, error })
      }
      told(result.gone.size + result.failed.length)
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return result
}

/** The names of some entries, for a question: at most `room` of them, and how many more there are. */
export function naming(entries: readonly { name: string }[], room = 6): { names: string[]; more: number } {
  const shown = entries.length > room ? room - 1 : room
  return { names: entries.slice(0, shown).map(e => e.name), more: Math.max(0, entries.length - shown) }
}
