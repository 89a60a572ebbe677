import { t } from '../../../kit/words'
import type { FieldSection } from '../ways/field'
import { fieldName } from '../ways/names'
import type { Section } from './words'

/** What holds for all OpenID providers. */
export const openid = (): Section[] => [{
  title: t('For all providers'),
  settings: [
    { key: 'user_oidc/auto_provision', label: t('Accounts are kept as the provider says'), help: t('Off: only who has an account comes in, and nothing of it is changed.') },
    { key: 'user_oidc/disable_account_creation', label: t('No new accounts are made'), needs: 'user_oidc/auto_provision' },
    { key: 'user_oidc/soft_auto_provision', label: t('Names there and here mean the same people'), help: t('Who has the name of an account from elsewhere comes in as that account. Administrators never do.') },
    { key: 'user_oidc/allow_multiple_user_backends', label: t('The login page offers passwords too'), help: t('Off, and with a single provider: everybody is sent there at once. /login?direct=1 still shows the form.') },
    { key: 'user_oidc/single_logout', label: t('Logging out here ends the session at the provider') },
    { key: 'user_oidc/login_label', label: t('What the button says'), help: t('{name} stands for the name of the provider.', { name: '{name}' }) },
    { key: 'user_oidc/allow_insecure_http', label: t('Providers without TLS are allowed'), help: t('For tests only: anybody on the line can come in as anybody.') },
  ],
}]

const usualScopes = 'openid email profile'

/** The fields that most people map; the others are for whoever looks for them. */
const main = ['uid', 'displayName', 'email', 'quota', 'groups']

const mapped = (field: string, claims: Readonly<Record<string, string>>) => ({
  key: `mapping.${field}`, label: field === 'uid' ? t('Who it is') : fieldName(field), placeholder: claims[field] ?? '',
  option: `mapping-${({ displayName: 'display-name', phonenumber: 'phone' })[field] ?? field}`,
})

/** What is said of one OpenID provider. claims fill the fields when nothing else is said. */
export const openIDFields = (claims: Readonly<Record<string, string>>): { first: FieldSection[]; more: FieldSection[] } => ({
  first: [{
    title: t('From the provider'),
    fields: [
      { key: 'identifier', label: t('Name of the provider'), help: t('It stands on the button of the login page.'), option: '' },
      { key: 'discovery', label: t('Address of the discovery'), placeholder: 'https://…/.well-known/openid-configuration', option: 'discoveryuri' },
      { key: 'client', label: t('Client id'), option: 'clientid' },
      { key: 'secret', label: t('Client secret'), kind: 'secret', option: 'clientsecret-file' },
      { key: 'authMethod', label: t('How this server shows who it is'), kind: 'choice', option: 'auth-method', choices: [
        { value: '', label: t('By the secret, as the provider offers it') }, ...['client_secret_basic', 'client_secret_post'].map(value => ({ value, label: value })),
        { value: 'private_key_jwt', label: t('By a key, without a secret (private_key_jwt)') },
      ] },
      { key: 'scope', label: t('Scopes'), placeholder: usualScopes, option: 'scope' },
    ],
  }],
  more: [
    {
      title: t('Accounts'), note: t('Which claim fills which field. An empty line takes the claim that stands in it.'),
      fields: [
        ...main.map(f => mapped(f, claims)),
        { key: 'uniqueId', label: t('The id of an account is a hash'), help: t('Off: it is the claim itself. Once people have come in, a change gives them other accounts.'), kind: 'yes', option: 'unique-uid' },
        { key: 'prefixId', label: t('The id begins with the name of the provider'), kind: 'yes', option: 'provider-based-id' },
        { key: 'nested', label: t('Claims may lie inside others'), help: t('“a.b | c” means b in a, or else c.'), kind: 'yes', option: 'resolve-nested-claims' },
        { key: 'enrich', label: t('Ask the userinfo endpoint for what the token leaves out'), kind: 'yes', option: 'enrich-with-userinfo' },
      ],
    },
    {
      title: t('Groups'),
      fields: [
        { key: 'groups', label: t('Groups of the claim are made, joined and left'), kind: 'yes', option: 'group-provisioning' },
        { key: 'groupFilter', label: t('Only groups that fit'), help: t('A regular expression; empty: all.'), option: 'group-whitelist-regex' },
        { key: 'groupsOnly', label: t('Who is in none of them stays out'), kind: 'yes', option: 'group-restrict-login-to-whitelist' },
        { key: 'adminGroup', label: t('Group of the administrators'), help: t('Its members administer this server; empty: nobody’s do.'), option: 'admin-group' },
      ],
    },
    {
      title: t('Access tokens and logout'), folded: true,
      fields: [
        { key: 'bearer', label: t('Access tokens of the provider open the interfaces of this server'), kind: 'yes', option: 'check-bearer' },
        { key: 'scopedOnly', label: t('But only those that name a scope of this server'), kind: 'yes', option: 'bearer-scoped-only' },
        { key: 'bearerFields', label: t('They bring accounts up to date too'), kind: 'yes', option: 'bearer-provisioning' },
        { key: 'renew', label: t('Sessions last only while the provider renews them'), help: t('It is asked while they are used. Some providers want the scope offline_access for it.'), kind: 'yes', option: 'renew-sessions' },
        { key: 'tokenHint', label: t('Send the ID token along at logout'), kind: 'yes', option: 'send-id-token-hint' },
        { key: 'endSession', label: t('Address for logging out'), placeholder: t('From the discovery'), option: 'endsessionendpointuri' },
        { key: 'postLogout', label: t('Where people go after it'), placeholder: t('The login page'), option: 'postlogouturi' },
      ],
    },
    {
      title: t('Other addresses and certificates'), note: t('For a provider that browsers and this server reach at different addresses, or with a certificate of your own.'), folded: true,
      fields: [
        ...([['authorization', t('Authorization')], ['token', t('Token')], ['userInfo', t('Userinfo')], ['keys', t('Keys')]] as const).map(([key, label]) => (
          { key, label, placeholder: t('From the discovery'), option: `${{ authorization: 'authorization', token: 'token', userInfo: 'userinfo', keys: 'jwks' }[key]}-endpoint` })),
        { key: 'ca', label: t('Authority of the certificate (PEM)'), kind: 'lines', option: 'ca-file', file: true },
        { key: 'audience', label: t('Audience of what this server signs there'), help: t('For private_key_jwt; some providers want their issuer here.'), placeholder: t('The token endpoint'), option: 'assertion-audience' },
        { key: 'extraClaims', label: t('Claims to ask for besides'), option: 'extra-claims' },
      ],
    },
    { title: t('More fields of the profile'), folded: true, fields: Object.keys(claims).filter(f => !main.includes(f)).sort().map(f => mapped(f, claims)) },
  ],
})
