import { t } from '../../../kit/words'
import type { Section } from './words'

const k = (name: string): string => `core/shareapi_${name}`

/** The rules of sharing in words. */
export const sharing = (): Section[] => [
  {
    title: t('Sharing'),
    settings: [
      { key: k('enabled'), label: t('People may share'), help: t('Without this nothing is shared, and what was shared before is reached by its owner only.') },
      { key: k('allow_resharing'), label: t('What somebody received may be shared on'), needs: k('enabled') },
      { key: k('allow_group_sharing'), label: t('Sharing with whole groups'), needs: k('enabled') },
      { key: k('auto_accept_share'), label: t('Shares appear without being accepted'), help: t('Otherwise each person accepts a share first.'), needs: k('enabled') },
      {
        key: k('default_permissions'), label: t('What a new share allows at first'), needs: k('enabled'),
        choices: { 1: t('View'), 17: t('View and share on'), 15: t('View, change, add and delete'), 31: t('Everything, sharing on included') },
      },
    ],
  },
  {
    title: t('Who shares with whom'),
    settings: [
      { key: k('exclude_groups'), label: t('Groups that may share'), choices: { no: t('All'), yes: t('All but those below'), allow: t('Only those below') }, needs: k('enabled') },
      { key: k('exclude_groups_list'), label: t('These groups'), help: t('Separated by commas. Who is in another group besides may share if that one may.'), needs: k('exclude_groups') },
      { key: k('only_share_with_group_members'), label: t('People share within their own groups only'), needs: k('enabled') },
      { key: k('only_share_with_group_members_exclude_group_list'), label: t('Groups that do not count for this'), help: t('Separated by commas, such as a group of all people.'), needs: k('only_share_with_group_members') },
      { key: k('allow_share_dialog_user_enumeration'), label: t('People find each other by a part of a name') },
      { key: k('restrict_user_enumeration_to_group'), label: t('But only within their own groups'), needs: k('allow_share_dialog_user_enumeration') },
      { key: k('restrict_user_enumeration_full_match'), label: t('Anybody is found by a whole name or address') },
    ],
  },
  {
    title: t('Public links'),
    settings: [
      { key: k('allow_links'), label: t('People may make public links'), help: t('Whoever has the link sees what it leads to, without an account.'), needs: k('enabled') },
      { key: k('allow_links_exclude_groups'), label: t('Groups that make no links'), help: t('Separated by commas.'), needs: k('allow_links') },
      { key: k('allow_public_upload'), label: t('Links may let strangers add files'), needs: k('allow_links') },
      { key: k('allow_custom_tokens'), label: t('People choose the address of a link'), needs: k('allow_links') },
      { key: k('enable_link_password_by_default'), label: t('A password is offered for each new link'), needs: k('allow_links') },
      { key: k('enforce_links_password'), label: t('Each link must have a password'), needs: k('allow_links') },
      { key: k('enforce_links_password_excluded_groups'), label: t('Groups whose links need none'), help: t('Separated by commas.'), needs: k('enforce_links_password') },
    ],
  },
  {
    title: t('When shares end'),
    settings: [
      { key: k('default_expire_date'), label: t('New links end by themselves'), needs: k('allow_links') },
      { key: k('expire_after_n_days'), label: t('Links end after'), unit: t('days'), needs: k('default_expire_date') },
      { key: k('enforce_expire_date'), label: t('Links cannot last longer'), needs: k('default_expire_date') },
      { key: 'sharebymail/remind_days', label: t('Before a link sent by mail ends, its reader is reminded'), unit: t('days'), help: t('0: never. One mail for each link.') },
      { key: k('default_internal_expire_date'), label: t('Shares with people and groups end by themselves'), needs: k('enabled') },
      { key: k('internal_expire_after_n_days'), label: t('Shares end after'), unit: t('days'), needs: k('default_internal_expire_date') },
      { key: k('enforce_internal_expire_date'), label: t('Shares cannot last longer'), needs: k('default_internal_expire_date') },
    ],
  },
]
