import { t } from '../../../kit/words'
import type { FieldSection } from '../ways/field'

export type LDAPStep = 'server' | 'people' | 'attributes' | 'login' | 'groups'

/** What holds when nothing is said of a directory. */
export const usualDirectory: Readonly<Record<string, string>> = { ldapLoginFilterUsername: '1', ldapUserDisplayName: 'displayName' }

type StepFields = FieldSection & { id: LDAPStep }

/** What is said of a directory, step by step. */
export const ldapSteps = (): [StepFields, ...StepFields[]] => [
  {
    id: 'server', title: t('Connection'), note: t('Where the directory is, and who searches in it. Atrium only reads there.'),
    fields: [
      { key: 'ldapHost', label: t('Address of the directory'), placeholder: 'ldaps://ldap.example.com', option: 'ldapHost' },
      { key: 'ldapBackupHost', label: t('Address of a second server'), help: t('It is asked when the first does not answer.'), option: 'ldapBackupHost' },
      { key: 'ldapTLS', label: t('StartTLS'), help: t('Not needed with ldaps://.'), kind: 'yes', option: 'ldapTLS' },
      { key: 'ldapAgentName', label: t('Who searches (DN)'), placeholder: 'cn=reader,dc=example,dc=com', option: 'ldapAgentName' },
      { key: 'ldapAgentPassword', label: t('Password of who searches'), kind: 'secret', option: 'ldapAgentPassword' },
      { key: 'ldapBase', label: t('Where to search (base DN)'), help: t('Several stand on a line each.'), kind: 'lines', placeholder: 'dc=example,dc=com', option: 'ldapBase' },
      { key: 'ldapCA', label: t('Authority of the certificate (PEM)'), kind: 'lines', option: 'ldapCA', file: true },
    ],
  },
  {
    id: 'people', title: t('Accounts'), note: t('Who has an account here.'),
    fields: [
      { key: 'ldapUserFilter', label: t('Filter of people'), placeholder: '(objectClass=inetOrgPerson)', option: 'ldapUserFilter' },
      { key: 'ldapBaseUsers', label: t('Only below (base DN)'), kind: 'lines', option: 'ldapBaseUsers' },
      { key: 'ldapExpertUsernameAttr', label: t('Attribute that names a new account'), help: t('Such as uid or sAMAccountName; empty: an id that nobody can read. Accounts that there are keep their names.'), option: 'ldapExpertUsernameAttr' },
    ],
  },
  {
    id: 'attributes', title: t('Fields'), note: t('Which attribute fills which field of an account.'),
    fields: [
      { key: 'ldapUserDisplayName', label: t('Name'), placeholder: 'displayName', option: 'ldapUserDisplayName' },
      { key: 'ldapUserDisplayName2', label: t('Second name, in brackets'), option: 'ldapUserDisplayName2' },
      { key: 'ldapEmailAttribute', label: t('Mail address'), placeholder: 'mail', option: 'ldapEmailAttribute' },
      { key: 'ldapUserAvatarRule', label: t('Picture'), help: t('“default” takes jpegPhoto or thumbnailPhoto, “none” nothing, and data:attribute another attribute.'), placeholder: 'default', option: 'ldapUserAvatarRule' },
      { key: 'homeFolderNamingRule', label: t('Name of the home'), help: t('Under it the home also stands on the disk, as a link in the folder “homes”.'), placeholder: 'attr:employeeNumber', option: 'homeFolderNamingRule' },
      { key: 'ldapQuotaAttribute', label: t('Quota'), option: 'ldapQuotaAttribute' },
      { key: 'ldapQuotaDefault', label: t('Quota without that attribute'), help: t('Such as 5 GB, none or default.'), option: 'ldapQuotaDefault' },
    ],
  },
  {
    id: 'login', title: t('Login'), note: t('What people may type to sign in.'),
    fields: [
      { key: 'ldapLoginFilterUsername', label: t('The name (uid or sAMAccountName)'), kind: 'yes', option: 'ldapLoginFilterUsername' },
      { key: 'ldapLoginFilterEmail', label: t('The mail address'), kind: 'yes', option: 'ldapLoginFilterEmail' },
      { key: 'ldapLoginFilterAttributes', label: t('Other attributes'), help: t('Several stand on a line each.'), kind: 'lines', option: 'ldapLoginFilterAttributes' },
      { key: 'ldapLoginFilter', label: t('Or a filter of your own'), help: t('%uid stands for what is typed.'), placeholder: '(uid=%uid)', option: 'ldapLoginFilter' },
    ],
  },
  {
    id: 'groups', title: t('Groups'), note: t('Which groups are groups here. Without a filter, groups are left alone.'),
    fields: [
      { key: 'ldapGroupFilter', label: t('Filter of groups'), placeholder: '(objectClass=groupOfNames)', option: 'ldapGroupFilter' },
      { key: 'ldapBaseGroups', label: t('Only below (base DN)'), kind: 'lines', option: 'ldapBaseGroups' },
      { key: 'ldapGroupMemberAssocAttr', label: t('Attribute that lists members'), placeholder: 'member', option: 'ldapGroupMemberAssocAttr' },
      { key: 'hasMemberOfFilterSupport', label: t('People have the attribute memberOf'), kind: 'yes', option: 'hasMemberOfFilterSupport' },
      { key: 'ldapNestedGroups', label: t('Members of a group in a group are in both'), kind: 'yes', option: 'ldapNestedGroups' },
      { key: 'ldapAdminGroup', label: t('Group of the administrators'), help: t('Its members administer this server; empty: nobody’s do.'), option: 'ldapAdminGroup' },
      { key: 'ldapConfigurationActive', label: t('The directory is in use'), help: t('People sign in with it, and accounts follow it every quarter of an hour.'), kind: 'yes', option: 'ldapConfigurationActive' },
    ],
  },
]
