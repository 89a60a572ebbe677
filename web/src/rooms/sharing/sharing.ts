import { onScopeDispose, ref, shallowRef } from 'vue'
import type { Entry } from '../../api/dav'
import { type Share, type ShareChange, type Sharee, changeShare, endShare, kinds, makeShare, sharees, sharesOf } from '../../api/shares'
import { onNews } from '../../kit/live'
import { complain, tell } from '../../kit/notices'
import { t } from '../../kit/words'
import { rolesFor } from './roles'

/** Milliseconds that somebody may pause between letters before the search begins. */
const pause = 250

/** With whom a file is shared, and what can be done about it. */
export function useSharing(entry: Entry) {
  const shares = shallowRef<Share[]>()
  const trouble = shallowRef<unknown>()
  const busy = ref(false)

  async function load(): Promise<void> {
    try {
      shares.value = await sharesOf(entry.path)
      trouble.value = undefined
    } catch (error) {
      trouble.value = error
    }
  }

  /** Runs what changes a share and tells whether it did. */
  async function attempt(what: string, act: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    try {
      await act()
      return true
    } catch (error) {
      complain(what, error)
      return false
    } finally {
      busy.value = false
    }
  }

  const put = (share: Share): void => void (shares.value = [...(shares.value ?? []).filter(s => s.id !== share.id), share])

  const add = (sharee: Sharee): Promise<boolean> => attempt(t('“{name}” was not shared.', { name: entry.name }), async () => {
    const [role] = rolesFor(sharee.kind, entry.folder)
    put(await makeShare(entry.path, sharee.kind, sharee.with, role?.may ?? 1))
    tell(t('{person} can see “{name}” now.', { person: sharee.name, name: entry.name }))
  })

  const link = (more: ShareChange = {}): Promise<boolean> => attempt(t('No link was made.'), async () => {
    const share = await makeShare(entry.path, kinds.link, '', 1, more)
    put(share)
    await copy(share)
  })

  const change = (share: Share, to: ShareChange): Promise<boolean> => attempt(t('The share stays as it was.'), async () => put(await changeShare(share.id, to)))

  const end = (share: Share): Promise<boolean> => attempt(t('The share goes on.'), async () => {
    await endShare(share.id)
    shares.value = shares.value?.filter(s => s.id !== share.id)
    tell(share.kind === kinds.link ? t('The link opens nothing any more.') : t('{person} cannot see it any more.', { person: share.name }))
  })

  async function copy(share: Share): Promise<void> {
    try {
      await navigator.clipboard.writeText(share.url)
      tell(t('The link is in the clipboard.'))
    } catch {
      tell(t('The link is there: copy it from the list.'))
    }
  }

  onNews('files', () => busy.value || void load())
  void load()
  return { shares, trouble, busy, load, add, link, change, end, copy }
}

/** Looks for people while somebody types. */
export function useSharees(folder: boolean, taken: () => readonly Share[]) {
  const found = shallowRef<Sharee[]>()
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
        const has = new Set(taken().map(s => `${s.kind} ${s.with}`))
        if (mine === asked) found.value = all.filter(s => !has.has(`${s.kind} ${s.with}`))
      } catch (error) {
        if (mine === asked) complain(t('Nobody could be looked for.'), error)
      }
    }, pause)
  }

  onScopeDispose(() => clearTimeout(soon))
  return { found, look }
}
