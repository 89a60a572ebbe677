import { t } from '../../kit/words'

/** What happens to files and accounts, in words. */
const words: Record<string, string> = {
  file_created: t('A file or folder was added'),
  file_changed: t('A file was changed, renamed or moved'),
  file_deleted: t('A file was deleted'),
  file_restored: t('A file was restored'),
  favorite: t('You changed your favourites'),
  shared: t('Something was shared, or is not any more'),
  public_links: t('A public link was opened'),
  public_links_upload: t('Somebody added a file by a public link'),
  file_downloaded: t('Somebody downloaded what you shared'),
  comments: t('A comment was written'),
  security: t('Something about the security of your account'),
}

export const kindWord = (id: string): string => words[id] ?? id
