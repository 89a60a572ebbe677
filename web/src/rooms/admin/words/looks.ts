import type { Picture } from '../../../api/looks'
import { t } from '../../../kit/words'
import type { Section } from './words'

/** Whose server it is, in words. */
export const looks = (): Section[] => [
  {
    title: t('Name and addresses'),
    settings: [
      { key: 'theming/name', label: t('Name of the server'), help: t('In title bars, on pages, in mail and in the apps.') },
      { key: 'theming/slogan', label: t('Slogan'), help: t('One line that apps show.') },
      { key: 'theming/url', label: t('Address of whose server it is'), help: t('Without it, that of the server.') },
      { key: 'theming/imprintUrl', label: t('Address of the legal notice') },
      { key: 'theming/privacyUrl', label: t('Address of the privacy notice'), help: t('Both are shown beside the files, at the login and below links.') },
    ],
  },
]

/** The pictures that can be put in the place of the server's own. */
export const pictureWords = (): { key: Picture; label: string; help: string }[] => [
  { key: 'logo', label: t('Logo'), help: t('Beside the name.') },
  { key: 'favicon', label: t('Icon of the tab'), help: t('Best a square.') },
  { key: 'background', label: t('Background'), help: t('Behind the pages for logging in and for links.') },
  { key: 'logoheader', label: t('Logo in apps'), help: t('Without it, apps show the logo.') },
]
