import { settings } from '../../../api/admin'
import type { AdminThing } from '../../../kit/room'
import { t } from '../../../kit/words'
import { files } from './files'
import { kerberos } from './kerberos'
import { ldapSteps } from './ldap'
import { letters } from './letters'
import { looks, pictureWords } from './looks'
import { openid } from './openid'
import { passwords } from './passwords'
import { rights } from './rights'
import { saml } from './saml'
import { scim } from './scim'
import { sharing } from './sharing'
import { webhookRules } from './webhooks'
import { anchor, thingsOf } from './words'

export const sharingThings = (): AdminThing[] => thingsOf(sharing())
export const looksThings = (): AdminThing[] => [
  { id: 'theming-primary_color', label: t('Colour'), more: 'theming/primary_color' }, ...thingsOf(looks()), ...pictureWords().map(p => ({ id: 'pictures', label: p.label, more: `theming ${p.key} ${p.help}` })),
]
export const filesThings = (): AdminThing[] => thingsOf(files())
export const securityThings = (): AdminThing[] => [
  { id: 'second-factor', label: t('Second factor'), more: 'twofactorauth:enforce' }, ...thingsOf(passwords()), { id: 'delayed', label: t('Slowed down for wrong passwords'), more: 'security:bruteforce' },
]
/** The keys of the configuration, which the server describes. */
export const serverThings = async (): Promise<AdminThing[]> =>
  (await settings()).filter(s => s.fixed).map(s => ({ id: anchor(`conf/${s.name}`), label: s.name, more: s.doc }))
export const monitoringThings = (): AdminThing[] => [
  { id: 'processor', label: t('Processor'), more: 'cpu load serverinfo' }, { id: 'memory', label: t('Memory'), more: 'ram' }, { id: 'requests', label: t('Requests'), more: '' },
  { id: 'active', label: t('People active'), more: 'activeUsers' }, { id: 'shares', label: t('Shares'), more: '' }, { id: 'storage', label: t('Storage'), more: '' },
]
export const rolesThings = (): AdminThing[] => rights().map(r => ({ id: '', label: r.label, more: `role:set ${r.id}` }))
export const lettersThings = (): AdminThing[] => letters().map(l => ({ id: '', label: l.label, more: l.id }))
export const openIDThings = (): AdminThing[] => [...thingsOf(openid()), { id: '', label: t('Try it before anybody signs in'), more: 'user_oidc:test claims' }]
export const ldapThings = (): AdminThing[] => ldapSteps().flatMap(s => s.fields.map(f => ({ id: '', label: f.label, more: f.option })))
export const samlThings = (): AdminThing[] => thingsOf(saml())
export const appThings = (): AdminThing[] => [
  { id: '', label: t('Register an app'), more: 'app_api:app:register exapp AppAPI' }, { id: '', label: t('Where apps run'), more: 'app_api:daemon:register' }, { id: '', label: t('What an app may do'), more: 'scopes app_api:app:scopes' },
]
export const programThings = (): AdminThing[] => [
  { id: '', label: t('Register a program'), more: 'oauth2:add-client OAuth OpenID client redirect' }, { id: 'key', label: t('Key'), more: 'oauth2:rotate-key JWKS' },
]
export const kerberosThings = (): AdminThing[] => [
  ...thingsOf(kerberos()), { id: 'keytab', label: t('Keytab'), more: 'kerberos:keytab:import' }, { id: 'browsers', label: t('Browsers'), more: 'firefox chrome edge spnego negotiate' }, { id: 'check', label: t('How it stands'), more: 'kerberos:test' },
]
export const scimThings = (): AdminThing[] => [...thingsOf(scim()), { id: 'tokens', label: t('Tokens'), more: 'scim:token:add entra okta authentik' }, { id: 'give', label: t('Give an account to the providers'), more: 'scim:give' }]
export const webhookThings = (): AdminThing[] => [...thingsOf(webhookRules()), { id: 'dead', label: t('What was given up'), more: 'webhook_listeners:dead retry' }]
