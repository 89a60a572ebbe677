import { t } from '../../../kit/words'

/** The mails that the server writes, in words. */
export const letters = (): { id: string; label: string }[] => [
  { id: 'account.welcome', label: t('Welcome to a new account') }, { id: 'account.reset', label: t('Choose a new password') }, { id: 'account.verify', label: t('Is this your mail address?') },
  { id: 'account.password-set', label: t('Your password was changed') }, { id: 'account.app-password-made', label: t('A device was given access') },
  { id: 'account.second-factor-on', label: t('A second factor was added') }, { id: 'account.second-factor-off', label: t('A second factor was removed') },
  { id: 'account.address-changed', label: t('Your mail address was changed') }, { id: 'share.shared', label: t('A link to something shared') }, { id: 'share.request', label: t('A link to add files') },
  { id: 'share.password', label: t('The password of a link') }, { id: 'share.ending', label: t('A link ends soon') }, { id: 'share.read', label: t('A link was downloaded') },
  { id: 'notifications.digest', label: t('Notifications') }, { id: 'activity.digest', label: t('Activities') },
]
