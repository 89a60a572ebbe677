import { t } from '../../../kit/words'
import type { Section } from './words'

const k = (name: string): string => `password_policy/${name}`

/** The rules for passwords in words. */
export const passwords = (): Section[] => [
  {
    title: t('Passwords'),
    note: t('The rules hold for new passwords, those of public links included. Length matters most.'),
    settings: [
      { key: k('minLength'), label: t('Shortest password'), unit: t('characters') },
      { key: k('enforceNonCommonPassword'), label: t('Common passwords are refused'), help: t('Those that a guesser who knows words, names, dates and keyboards finds within a million tries.') },
      { key: k('enforceUpperLowerCase'), label: t('Upper and lower case are asked for') },
      { key: k('enforceNumericCharacters'), label: t('A digit is asked for') },
      { key: k('enforceSpecialCharacters'), label: t('A special character is asked for') },
      { key: k('historySize'), label: t('Former passwords that must not come again'), unit: t('passwords') },
      { key: k('expiration'), label: t('A password has to be changed after'), unit: t('days'), help: t('0: never.') },
    ],
  },
  {
    title: t('Wrong passwords'),
    note: t('Who guesses is slowed down in any case. Locking an account out besides lets anybody lock out anybody.'),
    settings: [
      { key: k('maximumLoginAttempts'), label: t('An account is locked after'), unit: t('wrong passwords in a row'), help: t('0: never.') },
      { key: k('lockoutMinutes'), label: t('It is locked for'), unit: t('minutes'), help: t('0: until it is lifted.') },
    ],
  },
  {
    title: t('Leaving'),
    settings: [{ key: 'leave/allowed', label: t('People may delete their own account'), help: t('With their files and shares, after their password. The last administrator cannot.') }],
  },
]
