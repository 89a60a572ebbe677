import type { Client, ClientKind } from '../../../api/clients'
import { t } from '../../../kit/words'
import type { FieldSection } from '../ways/field'

/** How a program shows who it is. */
export function kindWords(kind: ClientKind): string {
  switch (kind) {
    case 'confidential': return t('By a secret: it runs on a server')
    case 'public': return t('By nothing: it runs in a browser, on a phone or a desk')
    case 'key': return t('By a key of its own (private_key_jwt)')
  }
}

/** How many people let a program in, and how it shows who it is. */
export const noteOf = (c: Client): string =>
  [t('{n, plural, =0 {Nobody has let it in} one {# person has let it in} other {# people have let it in}}', { n: c.people }), kindWords(c.kind)].join(' · ')

/** What a word of a scope gives. */
export function wordWords(word: string): string {
  const words: Record<string, string> = {
    openid: t('Who somebody is'), profile: t('Name'), email: t('Mail address'), groups: t('Groups'), offline_access: t('Going on while people are away'), all: t('Everything its owner may do'), 'all:read': t('Looking at everything'),
    files: t('All files'), 'files:read': t('Looking at all files'), account: t('Profile and settings'), 'account:read': t('Looking at profile and settings'),
  }
  return words[word] ?? ''
}

/** What is said of a program. How it shows who it is cannot be changed later. */
export const clientFields = (isNew: boolean, kind: ClientKind): { first: FieldSection[]; more: FieldSection[] } => ({
  first: [{
    title: t('The program'),
    fields: [
      { key: 'name', label: t('Name'), help: t('People read it when they are asked.'), option: '' },
      ...(isNew ? [{ key: 'kind', label: t('How it shows who it is'), kind: 'choice', option: '', choices: (['confidential', 'public', 'key'] as const).map(value => ({ value, label: kindWords(value) })) } as const] : []),
      { key: 'redirects', label: t('Redirect addresses'), help: t('One in each line; they count letter by letter. https:// only, or http:// for this computer, where :* stands for any port.'), placeholder: 'https://…/callback', kind: 'lines', option: '' },
      ...(kind === 'key' ? [{ key: 'jwks', label: t('Its public keys (JWKS)'), placeholder: '{"keys": […]}', kind: 'lines', option: '' } as const] : []),
    ],
  }],
  more: [{
    title: t('Logout, Nextcloud’s errors and a server of your own'), folded: true,
    fields: [
      { key: 'logouts', label: t('Where people may go after logging out'), help: t('One in each line.'), kind: 'lines', option: '' },
      ...(isNew && kind === 'confidential' ? [{ key: 'classic', label: t('Errors as Nextcloud says them'), help: t('For programs that were made for Nextcloud.'), kind: 'yes', option: '' } as const] : []),
      { key: 'audience', label: t('Address of a server of your own that takes access tokens'), placeholder: 'https://…', option: '' },
      { key: 'offers', label: t('Scopes that this server understands'), placeholder: 'reports.read', option: '' },
    ],
  }],
})
