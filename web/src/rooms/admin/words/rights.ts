import { t } from '../../../kit/words'

interface Named {
  id: string
  label: string
}

/** The rights that a role grants, in words. */
export const rights = (): Named[] => [
  { id: 'users', label: t('Manage all accounts but those of administrators') }, { id: 'groups', label: t('Manage groups and their members') },
  { id: 'apps', label: t('Turn parts of the server on and off') }, { id: 'settings', label: t('Change settings of the server') },
  { id: 'monitor', label: t('See the server’s health and use') }, { id: 'audit', label: t('Read the audit log') },
  { id: 'webhooks', label: t('Have other servers told what happens here') },
]

/** What a role takes away from who holds it, in words. */
export const withheld = (): Named[] => [
  { id: 'create', label: t('Adding files and folders') }, { id: 'update', label: t('Changing files') }, { id: 'delete', label: t('Deleting files') }, { id: 'share', label: t('Sharing files') },
]
