import { t } from '../../../kit/words'

/** What a field of an account or of its profile is called. */
export function fieldName(field: string): string {
  const names: Record<string, string> = {
    uid: t('Account'), displayname: t('Name'), displayName: t('Name'), email: t('Mail address'), quota: t('Quota'), groups: t('Groups'), language: t('Language'), locale: t('Region'),
    phone: t('Phone'), phonenumber: t('Phone'), address: t('Address'), website: t('Website'), avatar: t('Picture'), twitter: t('X (Twitter)'), fediverse: t('Fediverse'), organisation: t('Organisation'),
    role: t('Role'), headline: t('Headline'), biography: t('About'), pronouns: t('Pronouns'), birthdate: t('Birthday'),
  }
  return names[field] ?? field
}
