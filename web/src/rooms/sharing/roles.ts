import { kinds, may } from '../../api/shares'
import { t } from '../../kit/words'

/** A set of rights with a name. */
export interface Role {
  id: string
  label: string
  hint: string
  may: number
}

const view: Role = { id: 'view', label: t('Can view'), hint: t('Sees and downloads.'), may: may.read }
const add: Role = { id: 'add', label: t('Can view and add'), hint: t('Adds files, but never changes or deletes one.'), may: may.read | may.create }
const editFolder: Role = { id: 'edit', label: t('Can edit'), hint: t('Adds, changes and deletes.'), may: may.read | may.update | may.create | may.delete }
const editFile: Role = { id: 'edit', label: t('Can edit'), hint: t('Changes the file.'), may: may.read | may.update }
const drop: Role = { id: 'drop', label: t('Can only upload'), hint: t('Brings files and sees none.'), may: may.create }
const pass = (role: Role): Role => ({ id: 'pass', label: t('Can edit and share'), hint: t('{what} Passes it on to others.', { what: role.hint }), may: role.may | may.share })

/** The roles that make sense for a file or folder, and for whom. */
export function rolesFor(kind: number, folder: boolean): Role[] {
  const open = kind === kinds.link || kind === kinds.mail
  if (!folder) return open ? [view, editFile] : [view, editFile, pass(editFile)]
  return open ? [view, add, editFolder, drop] : [view, add, editFolder, pass(editFolder)]
}

/** The role of a mask; 'own' for rights that were put together. Links bear the right to share without meaning. */
export function roleOf(mask: number, kind: number, folder: boolean): string {
  const open = kind === kinds.link || kind === kinds.mail
  const meant = open ? mask & ~may.share : mask
  const known = rolesFor(kind, folder).find(r => r.may === meant)
  return known?.id ?? (meant === (may.read | may.share) ? 'view' : 'own')
}

/** The single rights of a folder or file, to be put together. */
export function rightsFor(kind: number, folder: boolean): { bit: number; label: string }[] {
  const open = kind === kinds.link || kind === kinds.mail
  return [
    { bit: may.read, label: t('See and download') },
    ...(folder ? [{ bit: may.create, label: t('Add files and folders') }] : []),
    { bit: may.update, label: folder ? t('Change and rename') : t('Change') },
    ...(folder ? [{ bit: may.delete, label: t('Delete') }] : []),
    ...(open ? [] : [{ bit: may.share, label: t('Share with others') }]),
  ]
}
