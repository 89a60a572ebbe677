import type { Limits, Wish } from '../../api/devices'
import { t } from '../../kit/words'
import type { Pieces } from './parts/LimitsForm.vue'
import { roomWords } from './words'

/** Limits as the form shows them. What is said as "all but" is shown as what is left of the parts it knows. */
export function piecesOf(limits: Limits): Pieces {
  const { rooms, but, verbs, folders } = limits
  const known = Object.keys(roomWords)
  const left = (rooms ?? known).filter(r => !(but ?? []).includes(r))
  return {
    some: rooms !== undefined || but !== undefined,
    rooms: rooms || but ? left : ['files'],
    may: !verbs ? 'all' : verbs.includes('write') ? 'write' : 'read',
    inFolders: (folders ?? []).length > 0,
    folders: folders ?? [],
  }
}

const verbs: Record<Pieces['may'], string[]> = { all: [], write: ['read', 'write'], read: ['read'] }

/** What the form says, for the server. */
export const scopeOf = (pieces: Pieces): NonNullable<Wish['scope']> => ({
  rooms: pieces.some ? pieces.rooms : [], verbs: verbs[pieces.may], folders: pieces.inFolders ? pieces.folders.map(f => f.id) : [],
})

/** What is still missing in the form; '' for nothing. */
export function missing(pieces: Pieces): string {
  if (pieces.some && pieces.rooms.length === 0) return t('Please choose what it reaches.')
  return pieces.inFolders && pieces.folders.length === 0 ? t('Please add a folder.') : ''
}
