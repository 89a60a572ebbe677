import { type Entry, downloadAddress, zipAddress } from '../../../api/dav'
import { complain } from '../../../kit/notices'
import { parentOf } from '../../../kit/paths'
import { ApiError } from '../../../api/http'
import { t } from '../../../kit/words'

/** The longest address that servers and proxies surely take. */
const longest = 60_000

/** Where some entries of one folder are downloaded from: a file as it is, anything else as an archive. */
export function downloadOf(user: string, entries: readonly Entry[], whole: boolean): string {
  const [first] = entries
  if (!first) return ''
  if (entries.length === 1) return first.folder ? zipAddress(user, first.path, []) : downloadAddress(user, first.path)
  return zipAddress(user, parentOf(first.path), whole ? [] : entries.map(e => e.name))
}

/** Hands entries to the browser's downloads, those of each folder together. whole tells that these are all entries of their folder. */
export function download(user: string, entries: readonly Entry[], whole: boolean): void {
  const byFolder = new Map<string, Entry[]>()
  for (const entry of entries) {
    const folder = parentOf(entry.path)
    const some = byFolder.get(folder)
    if (some) some.push(entry)
    else byFolder.set(folder, [entry])
  }
  for (const some of byFolder.values()) downloadSome(user, some, whole)
}

function downloadSome(user: string, entries: readonly Entry[], whole: boolean): void {
  const address = downloadOf(user, entries, whole)
  if (address.length > longest) {
    complain(t('Nothing was downloaded.'), new ApiError(414, t('These are too many to name in one request. Select fewer, or everything in the folder.')))
    return
  }
  const link = document.createElement('a')
  link.href = address
  link.download = ''
  link.click()
}
