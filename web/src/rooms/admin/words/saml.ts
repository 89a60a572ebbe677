import { t } from '../../../kit/words'
import type { Field, FieldSection } from '../ways/field'
import type { Section } from './words'

/** What holds for all SAML providers. */
export const saml = (): Section[] => [{
  title: t('For all providers'),
  settings: [
    { key: 'user_saml/type', label: t('Who vouches for people'), choices: { '': t('Nobody: SAML is off'), 'saml': t('SAML providers'), 'environment-variable': t('A proxy in front of this server') } },
    { key: 'user_saml/general-require_provisioned_account', label: t('No new accounts are made') },
    { key: 'user_saml/general-adopt_accounts', label: t('Names there and here mean the same people'), help: t('Who has the name of an account from elsewhere comes in as that account. Administrators never do.') },
    { key: 'user_saml/general-keep_groups', label: t('Groups that have become empty stay'), help: t('Off: they are removed when nobody has been in them for 30 days.') },
    { key: 'user_saml/general-allow_multiple_user_back_ends', label: t('The login page offers passwords too') },
  ],
}]

/** A setting whose command calls it as scripts do. */
const field = (key: string, label: string, more: Omit<Partial<Field>, 'key' | 'label' | 'option'> = {}): Field => ({ key, label, option: key, ...more })
const mapping = (name: string): string => `saml-attribute-mapping-${name}_mapping`

/** What holds when nothing is said of a SAML provider. */
export const usualSAML: Readonly<Record<string, string>> = { 'saml-attribute-mapping-group_mapping_prefix': 'SAML_' }

/** What is said of a proxy that vouches for people: the names of its headers, and how it is known. */
export const proxyFields = (): FieldSection[] => [
  {
    title: t('The proxy'), note: t('It is believed at the sign-in address only, from these addresses, and beside the secret.'),
    fields: [
      field('environment-proxies', t('Addresses of the proxy'), { placeholder: '10.0.0.7', help: t('Addresses or networks, with commas between them.') }),
      field('environment-secretHeader', t('Header of the secret'), { placeholder: 'X-Proxy-Secret' }),
      field('environment-secret', t('Secret that it shows'), { kind: 'secret' }),
    ],
  },
  {
    title: t('Headers'), note: t('Which header says what of somebody.'),
    fields: [
      field('general-uid_mapping', t('Who it is'), { placeholder: 'X-Remote-User' }), field(mapping('displayName'), t('Name')), field(mapping('email'), t('Mail address')),
      field(mapping('quota'), t('Quota')), field(mapping('group'), t('Groups, with commas between them')), field('saml-attribute-mapping-group_mapping_prefix', t('What stands before their names here')),
    ],
  },
]

/** What is said of one SAML provider. */
export const samlFields = (): { first: FieldSection[]; more: FieldSection[] } => ({
  first: [{
    title: t('From the provider'),
    fields: [
      field('general-idp0_display_name', t('Name of the provider'), { help: t('It stands on the button of the login page.') }),
      field('idp-entityId', t('Entity id')),
      field('idp-singleSignOnService.url', t('Address for signing in')),
      field('idp-singleLogoutService.url', t('Address for logging out')),
      field('idp-x509cert', t('Certificates that sign (PEM)'), { kind: 'lines', file: true, help: t('Several below each other: old and new while the provider changes its key.') }),
    ],
  }],
  more: [
    {
      title: t('Accounts'), note: t('Which attribute fills which field of an account.'),
      fields: [
        field('general-uid_mapping', t('Who it is')), field(mapping('displayName'), t('Name')), field(mapping('email'), t('Mail address')), field(mapping('quota'), t('Quota')),
        field(mapping('home'), t('Name of the home'), { help: t('Under it the home also stands on the disk, as a link in the folder “homes”.') }),
      ],
    },
    {
      title: t('Groups'),
      fields: [
        field(mapping('group'), t('Attribute of the groups')), field('saml-attribute-mapping-group_mapping_prefix', t('What stands before their names here')),
        field('saml-user-filter-require_groups', t('Only members of these come in'), { help: t('With commas between them; empty: all.') }),
        field('saml-user-filter-reject_groups', t('Members of these stay out'), { help: t('With commas between them.') }),
      ],
    },
    {
      title: t('Signatures and encryption'), note: t('The key of this server, and what is asked of the provider.'), folded: true,
      fields: [
        field('sp-x509cert', t('Certificate of this server (PEM)'), { kind: 'lines', file: true }), field('sp-privateKey', t('Key of this server (PEM)'), { kind: 'secret' }),
        field('security-authnRequestsSigned', t('Sign requests to sign in'), { kind: 'yes' }), field('security-logoutRequestSigned', t('Sign requests to log out'), { kind: 'yes' }),
        field('security-logoutResponseSigned', t('Sign answers to them'), { kind: 'yes' }), field('security-signMetadata', t('Sign the metadata'), { kind: 'yes' }),
        field('security-wantMessagesSigned', t('Answers must be signed as a whole'), { kind: 'yes' }), field('security-wantAssertionsSigned', t('Assertions must be signed'), { kind: 'yes' }),
        field('security-wantAssertionsEncrypted', t('Assertions must be encrypted'), { kind: 'yes' }),
        field('general-is_saml_request_using_post', t('Send requests by POST'), { kind: 'yes' }), field('sp-entityId', t('Entity id of this server'), { placeholder: t('The address of the metadata') }),
      ],
    },
  ],
})
