import { send } from './http'
import { ocs } from './person'

/** What sorts of files there are, as the server counts them. */
export type Sort = 'pictures' | 'videos' | 'audio' | 'documents' | 'archives' | 'other'

/** What a person's storage is used for, in bytes; total is less than 0 without a limit. */
export interface Use {
  used: number
  total: number
  sorts: { sort: Sort; files: number; bytes: number }[]
  trash: number
  versions: number
}

export const use = (): Promise<Use> => ocs<Use>('GET', '/apps/atrium/api/v1/usage')

/** Where the archive of all that is one's own comes from. */
export const exportAddress = '/settings/export'

/** Finds out whether the archive may be had, which the server says before it sends it. */
export async function mayExport(): Promise<void> {
  await (await send('GET', exportAddress)).body?.cancel()
}
