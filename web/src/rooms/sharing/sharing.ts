import { shallowRef } from 'vue'
import type { Entry } from '../../api/dav'
import { type Share, type ShareChange, type Sharee, changeShare, endShare, kinds, makeShare, sharesOf } from '../../api/shares'
import { type Capabilities, capabilities, capability } from '../../kit/capabilities'
import { onNews } from '../../kit/live'
import { look } from '../../kit/look'
import { tell } from '../../kit/notices'
import { useTask } from '../../kit/task'
import { t } from '../../kit/words'
import { rolesFor } from './roles'

/** When a new share ends, as the person has chosen in days. Nothing is said where the server has a rule of its own. */
export function endOf(kind: number, days: string, caps: Capabilities, now = new Date()): ShareChange {
  const rule = kind === kinds.link || kind === kinds.mail ? 'expire_date' : 'expire_date_internal'
  if (days === 'never' || capability(caps, 'files_sharing', 'public', rule, 'enabled') === true) return {}
  const day = new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate() + Number(days)))
  return { expireDate: day.toISOString().slice(0, 10) }
}

/** With whom a file is shared, and what can be done about it. */
export function useSharing(entry: Entry) {
  const shares = shallowRef<Share[]>()
  const trouble = shallowRef<unknown>()
  const { busy, attempt } = useTask()

  async function load(): Promise<void> {
    try {
      shares.value = await sharesOf(entry.path)
      trouble.value = undefined
    } catch (error) {
      trouble.value = error
    }
  }

  const put = (share: Share): void => void (shares.value = [...(shares.value ?? []).filter(s => s.id !== share.id), share])

  const add = (sharee: Sharee): Promise<boolean> => attempt(t('“{name}” was not shared.', { name: entry.name }), async () => {
    const roles = rolesFor(sharee.kind, entry.folder)
    const role = roles.find(r => r.id === look.role) ?? roles[0]
    put(await makeShare(entry.path, sharee.kind, sharee.with, role?.may ?? 1, endOf(sharee.kind, look.expiry, capabilities.value)))
    tell(t('{person} can see “{name}” now.', { person: sharee.name, name: entry.name }))
  })

  const link = (more: ShareChange = {}): Promise<boolean> => attempt(t('No link was made.'), async () => {
    const share = await makeShare(entry.path, kinds.link, '', 1, { ...endOf(kinds.link, look.expiry, capabilities.value), ...more })
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
