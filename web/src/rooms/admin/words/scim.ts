import { t } from '../../../kit/words'
import type { Section } from './words'

/** What identity providers may do here. */
export const scim = (): Section[] => [{
  title: t('What providers may do'),
  settings: [
    { key: 'scim/adopt_accounts', label: t('Names there and here mean the same people'), help: t('A provider takes over accounts that have the names of its users. Those of administrators never.') },
    { key: 'scim/on_delete', label: t('When a provider deletes a user'), choices: { disable: t('The account is locked'), remove: t('The account and its files are removed') } },
  ],
}]
