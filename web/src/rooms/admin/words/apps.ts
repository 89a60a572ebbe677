import type { ExternalApp } from '../../../api/appadmin'
import { t } from '../../../kit/words'
import { stateOf } from '../apps/apps'
import type { FieldSection } from '../ways/field'

/** What a scope opens. */
export function scopeWords(scope: string): string {
  const words: Record<string, string> = {
    SYSTEM: t('The list of accounts, apps, and settings of apps'), DAV: t('Files over WebDAV'), FILES: t('Files over WebDAV'), FILES_SHARING: t('Shares'), USER_INFO: t('Reading accounts and groups'),
    USER_STATUS: t('Statuses of people'), NOTIFICATIONS: t('Notifications'), ACTIVITIES: t('Reading activities'), OCC_COMMAND: t('Commands of its own for administrators'),
    AI_PROVIDERS: t('Offering to work on texts and other tasks'), EVENTS_LISTENER: t('Hearing what happens to files'), TEXT_PROCESSING: t('Having tasks done by others'), MACHINE_TRANSLATION: t('Having tasks done by others'),
  }
  return words[scope] ?? ''
}

/** How things stand with an app, in a line. */
export function stateWords(app: Pick<ExternalApp, 'enabled' | 'status'>): string {
  switch (stateOf(app)) {
    case 'starting': return t('It starts: {n, number} %', { n: app.status.init })
    case 'broken': return app.enabled ? t('Enabled, but something is wrong') : t('It could not start')
    case 'on': return t('Enabled')
    case 'off': return t('Disabled')
  }
}

export const protocolWords = (signed: boolean): string => (signed ? t('Signed requests') : t('AppAPI: the secret is sent along'))

/** Why a request of an app was refused, as the server's log says it. */
export function refusalWords(why: string): string {
  const words: Record<string, string> = {
    'headers are missing': t('Headers are missing'), 'the secret cannot be read': t('The secret cannot be read'), 'the other protocol': t('It speaks the other protocol'),
    'signed at another time': t('Signed at another time: are the clocks right?'), 'wrong secret or signature': t('Wrong secret or signature'), 'too many calls': t('Too many calls'), disabled: t('The app is disabled'),
    'sent again': t('The same request came twice'), 'no scope': t('No scope of the app opens this'), 'nobody agreed': t('The person has not agreed'), 'no such account': t('There is no such account, or it is locked'),
    'another body': t('The body is not the one that was signed'), 'not registered': t('No app of this id was registered'),
  }
  return words[why] ?? why
}

/** Who reaches a route of an app. */
export const accessWords = (access: number): string => ([t('Everybody'), t('Who is signed in'), t('Administrators')][access] ?? '')

/** What is said of a new app. first is always looked at, more by who needs it. */
export const appFields = (): { first: FieldSection[]; more: FieldSection[] } => ({
  first: [{
    title: t('The app'),
    fields: [
      { key: 'id', label: t('Id'), help: t('As the app knows it (APP_ID): small letters, digits, _ and -.'), option: '' },
      { key: 'name', label: t('Name'), option: '' },
      { key: 'version', label: t('Version'), option: '' },
      { key: 'signed', label: t('How it shows who it is'), kind: 'choice', option: '', choices: [{ value: '', label: protocolWords(false) }, { value: '1', label: protocolWords(true) }] },
    ],
  }],
  more: [{
    title: t('A secret of its own, routes and another address'), folded: true,
    fields: [
      { key: 'secret', label: t('Secret'), help: t('From 16 letters on. Without one, a good one is made.'), kind: 'secret', option: '' },
      { key: 'routes', label: t('What people reach of it (routes, as JSON)'), placeholder: '[{"url": "^api/.*$", "verb": "GET,POST", "access_level": "USER"}]', kind: 'lines', option: '' },
      { key: 'host', label: t('Host'), placeholder: t('As where apps run'), option: '' },
      { key: 'protocol', label: t('Protocol'), kind: 'choice', option: '', choices: [{ value: '', label: t('As where apps run') }, { value: 'http', label: 'http' }, { value: 'https', label: 'https' }] },
      { key: 'system', label: t('It may act for nobody where otherwise a person must have agreed'), kind: 'yes', option: '' },
    ],
  }],
})

/** Where an app runs: a place that is known by its name, or with '' a new one. */
export const daemonFields = (known: readonly { value: string; label: string }[], choice: string): FieldSection[] => [{
  title: t('Where it runs'), note: t('The app runs already: this server starts none.'),
  fields: [
    { key: 'daemon', label: t('Where apps run'), kind: 'choice', option: '', choices: [...known, { value: '', label: t('Somewhere new') }] },
    ...(choice === '' ? [
      { key: 'd.name', label: t('Its name'), help: t('Small letters, digits, _ and -.'), option: '' },
      { key: 'd.display', label: t('What it is called'), option: '' },
      { key: 'd.protocol', label: t('Protocol'), kind: 'choice', option: '', choices: [{ value: 'http', label: 'http' }, { value: 'https', label: 'https' }] } as const,
      { key: 'd.host', label: t('Host'), help: t('A name or an address that this server reaches.'), option: '' },
    ] : []),
    { key: 'port', label: t('Port'), help: t('Where the app listens (APP_PORT).'), option: '' },
  ],
}]
