import { t } from '../../../kit/words'

/** What the server calls its checks, in words. */
export function checkName(id: string): string {
  const names: Record<string, string> = {
    'database': t('Database'), 'administrators': t('Administrators'), 'store': t('Storage of files'), 'disk space': t('Room on the disk'), 'data folder': t('Data folder'), 'secrets': t('Secrets'),
    'address': t('Address and HTTPS'), 'server': t('Reachable at its address'), 'trusted proxies': t('Trusted proxies'), 'clock': t('Clock'), 'open files': t('Open files'),
    'background work': t('Background work'), 'mail': t('Mail'), 'previews': t('Programs for previews'), 'fulltext': t('Search in contents'), 'external apps': t('External apps'), 'version': t('Version'), 'live': t('Live updates in this browser'),
  }
  return names[id] ?? id
}
