import { send } from './http'
import { ocs } from './person'

/** With whom, as the share API numbers it. */
export const kinds = { person: 0, group: 1, link: 3, mail: 4 } as const

/** What may be done, as the share API adds it up. */
export const may = { read: 1, update: 2, create: 4, delete: 8, share: 16 } as const

/** One way by which somebody reaches a file. */
export interface Share {
  id: string
  kind: number
  /** Id of the person or group, or the address; '' for a link. */
  with: string
  name: string
  may: number
  /** 'YYYY-MM-DD', '' for never. */
  expires: string
  password: boolean
  note: string
  label: string
  hideDownload: boolean
  download: boolean
  /** Of a link. */
  url: string
  /** Who passed it on. */
  by: string
  mayEdit: boolean
  mayEnd: boolean
}

/** What can be changed of a share. Empty text takes a password or an end away. */
export interface ShareChange {
  permissions?: number
  password?: string
  expireDate?: string
  note?: string
  label?: string
  hideDownload?: boolean
  attributes?: string
}

/** Somebody with whom a file can be shared. */
export interface Sharee {
  kind: number
  with: string
  name: string
  detail: string
}

type Said = Record<string, unknown>

const api = '/apps/files_sharing/api/v1'
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The shares that one has made of a file. */
export async function sharesOf(path: string): Promise<Share[]> {
  return (await ocs<Said[]>('GET', `${api}/shares?reshares=true&path=${encodeURIComponent(path)}`)).map(shareIn)
}

export async function makeShare(path: string, kind: number, shareWith: string, permissions: number, more: ShareChange = {}): Promise<Share> {
  return shareIn(await ocs<Said>('POST', `${api}/shares`, { path, shareType: kind, shareWith, permissions, ...more }))
}

export async function changeShare(id: string, to: ShareChange): Promise<Share> {
  return shareIn(await ocs<Said>('PUT', `${api}/shares/${id}`, to))
}

export const endShare = (id: string): Promise<unknown> => ocs('DELETE', `${api}/shares/${id}`)

/** Something that is shared, and with whom or by whom. */
export interface Shared {
  id: string
  kind: number
  /** From one's own home on. */
  path: string
  folder: boolean
  file: string
  /** Whoever shares it with oneself, or with whom one shares it. */
  name: string
  /** Milliseconds since 1970. */
  since: number
}

/** Everything that others share with oneself. */
export async function sharedWithMe(): Promise<Shared[]> {
  return (await ocs<Said[]>('GET', `${api}/shares?shared_with_me=true`)).map(said => ({ ...sharedIn(said), path: text(said.file_target), name: text(said.displayname_owner) }))
}

/** Everything that one shares with others. */
export async function sharedByMe(): Promise<Shared[]> {
  return (await ocs<Said[]>('GET', `${api}/shares`)).map(sharedIn)
}

/** Reads what a share says of the file. Exported for its test. */
export function sharedIn(said: Said): Shared {
  return {
    id: String(said.id), kind: Number(said.share_type), path: text(said.path), folder: said.item_type === 'folder', file: String(said.file_source),
    name: shareIn(said).name, since: Number(said.stime) * 1000,
  }
}

/** Looks for people, groups and addresses; what matches exactly comes first. */
export async function sharees(term: string, folder: boolean): Promise<Sharee[]> {
  const said = await ocs<Said>('GET', `${api}/sharees?search=${encodeURIComponent(term)}&itemType=${folder ? 'folder' : 'file'}&perPage=15&lookup=false`)
  return shareesIn(said)
}

/** Reads the answer of sharees. Exported for its test. */
export function shareesIn(said: Said): Sharee[] {
  const found = new Map<string, Sharee>()
  for (const part of [said.exact, said] as Said[]) {
    for (const list of ['users', 'groups', 'emails']) {
      for (const one of (part[list] ?? []) as Said[]) {
        const value = one.value as Said
        const sharee = { kind: Number(value.shareType), with: text(value.shareWith), name: text(one.name) || text(one.label), detail: text(one.shareWithDisplayNameUnique) || text(one.subline) }
        const key = `${sharee.kind} ${sharee.with}`
        if (!found.has(key)) found.set(key, sharee)
      }
    }
  }
  return [...found.values()]
}

/** Reads one share. Exported for its test. */
export function shareIn(said: Said): Share {
  const kind = Number(said.share_type)
  const link = kind === kinds.link
  return {
    id: String(said.id), kind, may: Number(said.permissions),
    with: link ? '' : text(said.share_with),
    name: link ? text(said.label) || 'Link' : text(said.share_with_displayname) || text(said.share_with),
    expires: text(said.expiration).slice(0, 10),
    password: text(said.password) !== '',
    note: text(said.note), label: text(said.label), hideDownload: Number(said.hide_download) === 1, download: downloadIn(text(said.attributes)),
    url: text(said.url), by: text(said.displayname_owner), mayEdit: said.can_edit === true, mayEnd: said.can_delete === true,
  }
}

/** Whether the attributes of a share let its bytes be downloaded. */
function downloadIn(attributes: string): boolean {
  if (attributes === '') return true
  const all = JSON.parse(attributes) as { scope?: string; key?: string; value?: unknown; enabled?: unknown }[]
  return !all.some(a => a.scope === 'permissions' && a.key === 'download' && (a.value ?? a.enabled) === false)
}

/** The attributes that say whether bytes may be downloaded. */
export const downloadAttribute = (on: boolean): string => JSON.stringify([{ scope: 'permissions', key: 'download', value: on }])

/** One way by which somebody can see a file. */
export interface Access {
  type: 'owner' | 'user' | 'group' | 'link' | 'mail'
  with: string
  people: string[]
  may: number
  download: boolean
  /** What is shared: the file itself or a folder above it; '' where that is not for oneself to know. */
  via: string
  viaId: string
  sharer: string
  expires: string
  label: string
}

/** Everybody who can see a file by its number, and by which way. */
export async function accessOf(file: string): Promise<Access[]> {
  const { access } = await ocs<{ access: Said[] }>('GET', `/apps/atrium/api/v1/access/${file}`)
  return access.map(accessIn)
}

/** Reads one way. Exported for its test. */
export function accessIn(said: Said): Access {
  const via = (said.via ?? {}) as Said
  return {
    type: said.type as Access['type'], with: text(said.with), people: ((said.people ?? []) as unknown[]).map(String), may: Number(said.permissions),
    download: said.download === true, via: text(via.path), viaId: String(via.fileid ?? ''), sharer: text(said.sharer), expires: text(said.expires), label: text(said.label),
  }
}

/** How one receives what others share: whether it appears unasked, and in which folder. */
export interface Taste {
  accept: boolean
  shareFolder: string
}

const tastes = '/apps/files_sharing/settings'
const put = (path: string, what: Partial<Taste>): Promise<unknown> => send('PUT', tastes + path, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(what) })

export const taste = async (): Promise<Taste> => (await (await send('GET', tastes)).json()) as Taste
export const setAccept = (accept: boolean): Promise<unknown> => put('/defaultAccept', { accept })
export const setShareFolder = (shareFolder: string): Promise<unknown> => put('/shareFolder', { shareFolder })
