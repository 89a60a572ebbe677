import { t } from '../../../kit/words'
import type { Section } from './words'

const rule = (): string => t('“auto”; “D, auto” for at least D days; “auto, D” for at most D days; “D1, D2” for both; “disabled” for ever.')

/** What concerns files in words. */
export const files = (): Section[] => [
  {
    title: t('Trash and versions'),
    settings: [
      { key: 'system/trashbin_retention_obligation', label: t('How long the trash keeps things'), help: rule() },
      { key: 'files_trashbin/trashbin_size', label: t('Most that the trash of one person holds'), unit: t('bytes'), help: t('-1: a part of their room.') },
      { key: 'system/versions_retention_obligation', label: t('How long former versions are kept'), help: rule() },
    ],
  },
  {
    title: t('Working together'),
    settings: [
      { key: 'files_lock/lock_timeout', label: t('A lock taken by hand ends after'), unit: t('minutes') },
      { key: 'systemtags/restrict_creation_to_admin', label: t('Only administrators make new tags') },
      { key: 'core/avatars_managed', label: t('Pictures from a provider or a directory stay as they are there'), help: t('Off: people may take another one, which then stays.') },
      { key: 'activity/activity_expire_days', label: t('The activity stream is kept for'), unit: t('days') },
      { key: 'activity/downloads', label: t('Owners see who downloads what they shared') },
    ],
  },
  {
    title: t('Search in contents'),
    settings: [
      { key: 'fulltextsearch/ocr', label: t('Text in pictures and scans is read'), help: t('Needs the program tesseract on the server.') },
      { key: 'fulltextsearch/ocr_languages', label: t('Languages it is read in'), help: t('As tesseract names them, such as eng+deu.'), needs: 'fulltextsearch/ocr' },
      { key: 'fulltextsearch/max_size', label: t('Largest file that is read'), unit: t('bytes') },
      { key: 'fulltextsearch/budget', label: t('Most that reading takes of one processor'), unit: '%' },
    ],
  },
]
