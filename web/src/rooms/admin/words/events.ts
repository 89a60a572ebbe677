import { t } from '../../../kit/words'

/** What can happen to an account, by what the audit log calls it, in words. */
export const eventNames = (): Record<string, string> => ({
  'account-made': t('Account made'), 'account-removed': t('Account deleted'), 'account-disabled': t('Account disabled'), 'account-enabled': t('Account enabled'),
  'account-locked-out': t('Locked out after wrong passwords'), 'account-unlocked': t('Lock lifted'), 'password-set': t('Password changed'), 'address-changed': t('Mail address changed'),
  'app-password-made': t('Device given access'), 'second-factor-on': t('Second factor added'), 'second-factor-off': t('Second factor removed'), 'made-admin': t('Made an administrator'),
  'admin-no-more': t('No administrator any more'), 'signed-in-new-place': t('Sign-in from a new place'), provisioned: t('Changed by the identity provider'),
})
