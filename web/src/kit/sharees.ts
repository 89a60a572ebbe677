import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'
import { type Sharee, sharees } from '../api/shares'
import { complain } from './notices'
import { t } from './words'

/** Milliseconds that somebody may pause between letters before the search begins. */
const pause = 250

/** Looks for people, groups and addresses while somebody types. found is undefined as long as nothing is looked for. */
export function useSharees(folder: boolean): { found: Readonly<ShallowRef<readonly Sharee[] | undefined>>; look(term: string): void } {
  const found = shallowRef<readonly Sharee[]>()
  let asked = 0
  let soon: ReturnType<typeof setTimeout> | undefined

  function look(term: string): void {
    clearTimeout(soon)
    const mine = ++asked
    if (term.trim() === '') {
      found.value = undefined
      return
    }
    soon = setTimeout(async () => {
      try {
        const all = await sharees(term.trim(), folder)
        if (mine === asked) found.value = all
      } catch (error) {
        if (mine === asked) complain(t('Nobody could be looked for.'), error)
      }
    }, pause)
  }

  onScopeDispose(() => clearTimeout(soon))
  return { found, look }
}
