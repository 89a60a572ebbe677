import { list } from '../../api/dav'
import { favourites, recent, tagged } from '../../api/lists'
import type { Source } from './listing'

/** The lists that gather files from everywhere, as their addresses name them. */
export type ListName = 'favorites' | 'recent' | 'tags'

/** A folder of the person. */
export const folderSource = (user: string, path: string): Source => ({ key: path, path, list: (signal, counted, so) => list(user, path, signal, counted, so) })

/** Files from everywhere: favourites, what was changed last, what carries all of some tags. */
export function listSource(user: string, name: ListName, tags: readonly string[] = []): Source {
  const from = {
    favorites: (signal: AbortSignal) => favourites(user, signal),
    recent: (signal: AbortSignal) => recent(user, signal),
    tags: (signal: AbortSignal) => (tags.length > 0 ? tagged(user, tags, signal) : Promise.resolve([])),
  }[name]
  return { key: [name, ...tags].join(' '), path: '', list: async signal => ({ entries: await from(signal), readme: '' }) }
}
