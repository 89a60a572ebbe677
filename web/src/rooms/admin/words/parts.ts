import { t } from '../../../kit/words'

/** What the parts of the server are called. One that is not known keeps its id. */
export function partName(id: string): string {
  const names: Record<string, string> = {
    user_status: t('Status of people'), profile: t('Profiles'), transfer: t('Handing over files'), export: t('Export of accounts'), files_versions: t('Versions'), files_trashbin: t('Trash'),
    files_sharing: t('Sharing'), files: t('Files'), notifications: t('Notifications'), activity: t('Activity'), systemtags: t('Tags'), comments: t('Comments'), files_reminders: t('Reminders'),
    files_lock: t('Locks'), files_downloadlimit: t('Download limits of links'), fulltextsearch: t('Search in contents'), recommendations: t('Recent files'), text: t('Readme above folders'), notify_push: t('Live updates'),
    backup_proof: t('Proof of backup'), templates: t('Templates'), photos: t('Photos'), media: t('Photos'), provisioning: t('Accounts'), signin: t('Sign-in'), twofactor: t('Second factors'), passwords: t('Passwords'), search: t('Search'), roles: t('Roles'),
    audit: t('Audit log'), cloud: t('Status and capabilities'), webui: t('These pages'), accountmail: t('Mail about accounts'), previews: t('Previews'), rewind: t('Rewind'), readable: t('Readable tree'), admin: t('Commands'), administration: t('Administration'),
  }
  return names[id] ?? id
}
