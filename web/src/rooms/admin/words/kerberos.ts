import type { TicketProblem } from '../../../api/kerberos'
import { t } from '../../../kit/words'
import type { Section } from './words'

/** How people come in by their tickets. */
export const kerberos = (): Section[] => [
  {
    title: t('The way in'),
    settings: [
      { key: 'kerberos/enabled', label: t('People come in with a Kerberos ticket') },
      { key: 'kerberos/label', label: t('What the button says') },
      { key: 'kerberos/allow_multiple_user_backends', label: t('The login page offers passwords too'), help: t('Off: everybody is asked for a ticket at once. /login?direct=1 still shows the form.') },
      { key: 'kerberos/api', label: t('Programs may send a ticket with each request'), help: t('For curl --negotiate and the like.') },
      { key: 'kerberos/allow_insecure_http', label: t('Sign-in without TLS is allowed'), help: t('For tests only: anybody on the line can take over the session.') },
    ],
  },
  {
    title: t('Accounts'),
    settings: [
      { key: 'kerberos/ldap', label: t('A directory tells who somebody is'), help: t('Whom a directory knows by that name has that account.') },
      { key: 'kerberos/require_provisioned_account', label: t('No new accounts are made') },
      { key: 'kerberos/adopt_accounts', label: t('Names there and here mean the same people'), help: t('Who has the name of an account from elsewhere comes in as that account. Administrators never do.') },
      { key: 'kerberos/lower_case', label: t('Alice and alice are the same'), help: t('Right for Active Directory.') },
      { key: 'kerberos/strip_realm', label: t('Whose accounts have no realm in their names'), choices: { first: t('Those of the first realm'), all: t('Everybody’s'), none: t('Nobody’s') } },
    ],
  },
  {
    title: t('Keys and realms'),
    settings: [
      { key: 'kerberos/realms', label: t('Whose people may come in'), help: t('Realms with commas, yours first. Empty: those of the keytab.') },
      { key: 'kerberos/service', label: t('Only tickets for this service'), help: t('HTTP/cloud.example.com; empty: all services of the keytab.') },
      { key: 'kerberos/keytab', label: t('File of the keytab'), help: t('On every node; it is read at each sign-in. Empty: the keytab that was imported.') },
    ],
  },
]

/** What is wrong, in the reader's language. */
export function ticketProblem(p: TicketProblem): string {
  const { about } = p
  const words: Record<string, () => string> = {
    'off': () => t('The way in is off.'),
    'no-tls': () => t('The way in works over https only, and the address of this server is {about}.', { about }),
    'no-keytab': () => t('There is no keytab.'),
    'keytab-gone': () => t('There is no file {about}.', { about }),
    'keytab-denied': () => t('This server may not read the file {about}.', { about }),
    'keytab-broken': () => t('What should be the keytab is none, or it holds no key.'),
    'keytab-unread': () => t('The file {about} cannot be read.', { about }),
    'keytab-sealed': () => t('The keytab that was imported cannot be opened: it was sealed by a server with another secret.'),
    'weak': () => t('The key of {about} is of a cipher that is too weak. Allow AES for its account, and make a new keytab.', { about }),
    'no-service': () => t('The keytab holds no key of {about}, the only service that is set.', { about }),
    'other-service': () => t('Only tickets for {about} are taken, and browsers want one for the address of this server.', { about }),
    'no-host': () => t('The keytab holds no key of {about}, which is the name in the address of this server.', { about }),
    'clock': () => t('The clocks of this server and of the realm are {n, plural, one {# second} other {# seconds}} apart; more than 300 keep everybody out.', { n: Number(about) }),
    'clock-unknown': () => t('The clock of {about} could not be compared: no KDC of it is known here, or none answers.', { about }),
  }
  return words[p.what]?.() ?? p.text
}
