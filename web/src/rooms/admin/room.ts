import { Activity, Blocks, BookUser, FileBadge, FileCog, FolderCog, Gauge, IdCard, KeyRound, KeySquare, ListChecks, LogIn, Mail, MailOpen, Megaphone, Palette, Plug, ScrollText, Share2, ShieldCheck, SquareTerminal, Ticket, UserCog, Users, UsersRound, Webhook } from '@lucide/vue'
import type { Capabilities } from '../../kit/capabilities'
import { holds, leads } from '../../kit/power'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

const right = (name: string) => (caps: Capabilities): boolean => holds(caps, name)
const things = () => import('./words/things')

/** Looking after the server: its state, the people on it, and its rules. */
export default defineRoom({
  id: 'admin',
  routes: [],
  admin: [
    { id: 'overview', group: 'server', label: t('Overview'), icon: Gauge, rank: 0, needs: right('monitor'), component: () => import('./views/OverviewView.vue') },
    { id: 'monitoring', group: 'server', label: t('Monitoring'), icon: Activity, rank: 2, needs: right('monitor'), component: () => import('./views/MonitoringView.vue'), things: async () => (await things()).monitoringThings() },
    { id: 'parts', group: 'server', label: t('Parts'), icon: Blocks, rank: 3, needs: right('apps'), component: () => import('./views/PartsView.vue') },
    { id: 'apps', group: 'server', label: t('External apps'), icon: Plug, rank: 4, component: () => import('./views/AppsView.vue'), things: async () => (await things()).appThings() },
    { id: 'appearance', group: 'server', label: t('Appearance'), icon: Palette, rank: 5, needs: right('settings'), component: () => import('./views/AppearanceView.vue'), things: async () => (await things()).looksThings() },
    { id: 'mail', group: 'server', label: t('Mail'), icon: Mail, rank: 6, component: () => import('./views/MailView.vue') },
    { id: 'letters', group: 'server', label: t('Letters'), icon: MailOpen, rank: 7, component: () => import('./views/LettersView.vue'), things: async () => (await things()).lettersThings() },
    { id: 'server', group: 'server', label: t('Configuration'), icon: FileCog, rank: 8, needs: right('settings'), component: () => import('./views/ServerView.vue'), things: async () => (await things()).serverThings() },
    { id: 'webhooks', group: 'server', label: t('Webhooks'), icon: Webhook, rank: 9, needs: right('webhooks'), component: () => import('./views/WebhooksView.vue'), things: async () => (await things()).webhookThings() },
    { id: 'people', group: 'people', label: t('People'), icon: Users, rank: 10, needs: caps => leads(caps) || holds(caps, 'users'), component: () => import('./views/PeopleView.vue') },
    { id: 'groups', group: 'people', label: t('Groups'), icon: UsersRound, rank: 12, needs: caps => leads(caps) || holds(caps, 'groups'), component: () => import('./views/GroupsView.vue') },
    { id: 'roles', group: 'people', label: t('Roles'), icon: KeyRound, rank: 14, component: () => import('./views/RolesView.vue'), things: async () => (await things()).rolesThings() },
    { id: 'news', group: 'people', label: t('Announcements'), icon: Megaphone, rank: 16, component: () => import('./views/NewsView.vue') },
    { id: 'signin', group: 'ways', label: t('Ways to sign in'), icon: LogIn, rank: 17, component: () => import('./views/WaysView.vue') },
    { id: 'openid', group: 'ways', label: t('OpenID Connect'), icon: IdCard, rank: 18, component: () => import('./views/OpenIDView.vue'), things: async () => (await things()).openIDThings() },
    { id: 'saml', group: 'ways', label: t('SAML'), icon: FileBadge, rank: 19, component: () => import('./views/SAMLView.vue'), things: async () => (await things()).samlThings() },
    { id: 'ldap', group: 'ways', label: t('LDAP'), icon: BookUser, rank: 20, component: () => import('./views/LDAPView.vue'), things: async () => (await things()).ldapThings() },
    { id: 'kerberos', group: 'ways', label: t('Kerberos'), icon: Ticket, rank: 21, component: () => import('./views/KerberosView.vue'), things: async () => (await things()).kerberosThings() },
    { id: 'scim', group: 'ways', label: t('SCIM'), icon: UserCog, rank: 22, component: () => import('./views/SCIMView.vue'), things: async () => (await things()).scimThings() },
    { id: 'programs', group: 'ways', label: t('Programs'), icon: KeySquare, rank: 23, component: () => import('./views/ProgramsView.vue'), things: async () => (await things()).programThings() },
    { id: 'sharing', group: 'rules', label: t('Sharing'), icon: Share2, rank: 20, needs: right('settings'), component: () => import('./views/SharingView.vue'), things: async () => (await things()).sharingThings() },
    { id: 'security', group: 'rules', label: t('Security'), icon: ShieldCheck, rank: 22, component: () => import('./views/SecurityView.vue'), things: async () => (await things()).securityThings() },
    { id: 'files', group: 'rules', label: t('Files'), icon: FolderCog, rank: 24, needs: right('settings'), component: () => import('./views/FilesView.vue'), things: async () => (await things()).filesThings() },
    { id: 'jobs', group: 'upkeep', label: t('Background work'), icon: ListChecks, rank: 30, needs: right('monitor'), component: () => import('./views/JobsView.vue') },
    { id: 'log', group: 'upkeep', label: t('Server log'), icon: SquareTerminal, rank: 31, component: () => import('./views/LogView.vue') },
    { id: 'audit', group: 'upkeep', label: t('Audit log'), icon: ScrollText, rank: 32, needs: right('audit'), component: () => import('./views/AuditView.vue') },
  ],
})
