import type { Scope } from '../../api/person'
import { languages } from '../../kit/languages'
import { locale, t } from '../../kit/words'

/** A field of the profile. */
export interface Field {
  name: string
  label: string
  /** What the choice of those who see it is called. */
  seen: string
  type?: 'email' | 'tel' | 'url' | 'text' | 'long'
  autocomplete?: string
  hint?: string
  most?: number
}

export const about: readonly Field[] = [
  { name: 'displayname', label: t('Full name'), seen: t('Who sees your name'), autocomplete: 'name' },
  { name: 'pronouns', label: t('Pronouns'), seen: t('Who sees your pronouns') },
  { name: 'headline', label: t('Headline'), seen: t('Who sees your headline'), hint: t('A few words below your name.') },
  { name: 'role', label: t('Role'), seen: t('Who sees your role'), autocomplete: 'organization-title' },
  { name: 'organisation', label: t('Organisation'), seen: t('Who sees your organisation'), autocomplete: 'organization' },
  { name: 'biography', label: t('About you'), seen: t('Who sees what you write about yourself'), type: 'long' },
]

export const contact: readonly Field[] = [
  { name: 'email', label: t('Mail'), seen: t('Who sees your mail address'), type: 'email', autocomplete: 'email' },
  { name: 'phone', label: t('Phone'), seen: t('Who sees your phone number'), type: 'tel', autocomplete: 'tel', hint: t('With the code of your country, such as +46 70 123 45 67.') },
  { name: 'address', label: t('Address'), seen: t('Who sees your address'), type: 'long', autocomplete: 'street-address' },
  { name: 'website', label: t('Website'), seen: t('Who sees your website'), type: 'url', autocomplete: 'url', hint: t('The whole address, with https in front.') },
  { name: 'fediverse', label: t('Fediverse'), seen: t('Who sees your name in the fediverse'), hint: t('Such as name@server.example.') },
  { name: 'bluesky', label: t('Bluesky'), seen: t('Who sees your name on Bluesky') },
  { name: 'twitter', label: 'X', seen: t('Who sees your name on X') },
]

const scopes: readonly { id: Scope; label: string }[] = [
  { id: 'v2-private', label: t('Seen by you only') },
  { id: 'v2-local', label: t('Seen on this server') },
  { id: 'v2-federated', label: t('Trusted servers too') },
  { id: 'v2-published', label: t('Seen by everybody') },
]

/** Who may be let see a field. Name and mail address are for the people here at least; nothing is published unless it is already. */
export const scopesFor = (name: string, now: Scope | undefined): readonly { id: Scope; label: string }[] =>
  scopes.filter(s => (s.id !== 'v2-private' || !['displayname', 'email'].includes(name)) && (s.id !== 'v2-published' || now === s.id))

const locales = ['ar_EG', 'bg_BG', 'cs_CZ', 'da_DK', 'de_AT', 'de_CH', 'de_DE', 'el_GR', 'en_AU', 'en_CA', 'en_GB', 'en_IE', 'en_IN', 'en_NZ', 'en_US', 'es_ES', 'es_MX', 'et_EE', 'fa_IR', 'fi_FI', 'fr_BE', 'fr_CA', 'fr_CH', 'fr_FR', 'he_IL', 'hi_IN', 'hr_HR', 'hu_HU', 'it_CH', 'it_IT', 'ja_JP', 'ko_KR', 'lt_LT', 'lv_LV', 'nb_NO', 'nl_BE', 'nl_NL', 'pl_PL', 'pt_BR', 'pt_PT', 'ro_RO', 'ru_RU', 'sk_SK', 'sl_SI', 'sr_RS', 'sv_FI', 'sv_SE', 'tr_TR', 'uk_UA', 'vi_VN', 'zh_CN', 'zh_TW']

export interface Choice {
  id: string
  label: string
}

const tag = (code: string): string => code.replace('_', '-')

/** What a language calls itself, or a region is called in the browser's. */
function named(code: string, speaking: string[]): string {
  try {
    const name = new Intl.DisplayNames(speaking, { type: 'language' }).of(tag(code)) ?? code
    return name.charAt(0).toLocaleUpperCase() + name.slice(1)
  } catch {
    return code
  }
}

const sorted = (list: Choice[]): Choice[] => list.sort((a, b) => a.label.localeCompare(b.label, locale()))
const including = (list: readonly string[], now: string): string[] => (now === '' || list.includes(now) ? [...list] : [...list, now])

export const languageChoices = (now: string): Choice[] => [{ id: '', label: t('As the server') }, ...sorted(including(languages.map(l => l.code), now).map(id => ({ id, label: languages.find(l => l.code === id)?.name ?? named(id, [tag(id)]) })))]
export const localeChoices = (now: string): Choice[] => [{ id: '', label: t('As the language') }, ...sorted(including(locales, now).map(id => ({ id, label: named(id, [locale()]) })))]
export const zoneChoices = (now: string): Choice[] =>
  [{ id: '', label: 'UTC' }, ...including(Intl.supportedValuesOf('timeZone'), now).map(id => ({ id, label: id.replaceAll('_', ' ') }))]

export const hereZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone
