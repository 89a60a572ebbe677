import type { AddedAction, Extras } from '../../api/external'
import type { Entry } from '../../api/dav'
import { type Capabilities, capability } from '../../kit/capabilities'

/** What external apps add; undefined where there are none. */
export const extrasIn = (caps: Capabilities): Extras | undefined => capability(caps, 'external_apps') as Extras | undefined

/** Whether an entry for files of some kinds fits one: 'file' is any file, 'dir' any folder, 'image' and 'image/*' a family. */
export function fits(mime: string, entry: Entry): boolean {
  return mime.split(',').map(kind => kind.trim().toLowerCase()).some(kind => {
    if (kind === '*' || kind === '*/*') return true
    if (kind === 'dir' || kind === 'httpd/unix-directory') return entry.folder
    if (entry.folder) return false
    if (kind === 'file') return true
    const family = kind.replace(/\/?\*?$/, '')
    return entry.mime.toLowerCase() === kind || (family !== '' && !family.includes('/') && entry.mime.toLowerCase().startsWith(`${family}/`))
  })
}

/** What somebody may do with an entry, in the bits in which apps ask for it. */
const bits = (e: Entry): number => 1 | (e.mayRename ? 2 : 0) | (e.mayCreate ? 4 : 0) | (e.mayDelete ? 8 : 0) | (e.mayShare ? 16 : 0)

/** Whether an entry in the menus is there for what is selected. */
export const offered = (a: AddedAction, all: readonly Entry[]): boolean => all.length > 0 && all.every(e => fits(a.mime, e) && (bits(e) & a.permissions) !== 0)
