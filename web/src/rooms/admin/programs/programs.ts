import type { Client, ClientKind, ClientWish } from '../../../api/clients'
import { quoted } from '../ways/field'
import type { Values } from '../ways/field'

/** A client as its form shows it; a new one has a secret. */
export const valuesOf = (c: Client | undefined): Values => ({
  name: c?.name ?? '', kind: c?.kind ?? 'confidential', redirects: (c?.redirects ?? []).join('\n'), logouts: (c?.logouts ?? []).join('\n'), scope: c?.scope ?? '', trusted: c?.trusted ? '1' : '',
  classic: c?.classic ? '1' : '', audience: c?.audience ?? '', offers: c?.offers ?? '', jwks: c?.jwks ?? '',
})

/** What a form says, as it is sent. */
export function wishOf(values: Values): ClientWish {
  const said = (key: string): string => (values[key] ?? '').trim()
  const kind = said('kind') as ClientKind
  return {
    kind, name: said('name'), redirects: said('redirects'), logouts: said('logouts'), scope: said('scope'), trusted: mayBeTrusted(values) && said('trusted') === '1', classic: kind === 'confidential' && said('classic') === '1',
    audience: said('audience'), offers: said('offers'), jwks: kind === 'key' ? said('jwks') : '',
  }
}

/** Whether people need not be asked: where the client can show who it is, and it is said what for. */
export const mayBeTrusted = (values: Values): boolean => values.kind !== 'public' && (values.scope ?? '').trim() !== ''

/** The words of a scope. */
export const wordsOf = (scope: string): string[] => scope.split(/\s+/).filter(w => w !== '')

/** A scope with a word in it or not. */
export const withWord = (scope: string, word: string, on: boolean): string => [...wordsOf(scope).filter(w => w !== word), ...(on ? [word] : [])].join(' ')

/** The command that does the same as the form. id is '' for a new client. */
export function commandFor(values: Values, id: string): string {
  const wish = wishOf(values)
  const lines = (text: string): string[] => text.split(/\s+/).filter(l => l !== '')
  const options = [
    ...lines(wish.logouts).map(l => `--logout-uri=${quoted(l)}`), ...(wish.scope === '' && id === '' ? [] : [`--scope=${quoted(wish.scope)}`]), ...(wish.trusted || id !== '' ? [`--trusted=${String(wish.trusted)}`] : []),
    ...(wish.audience === '' ? [] : [`--audience=${quoted(wish.audience)}`]), ...(wish.offers === '' ? [] : [`--offers=${quoted(wish.offers)}`]), ...(wish.kind === 'key' ? ['--jwks-file=keys.json'] : []),
  ]
  if (id !== '') return ['atrium oauth2:change-client', id, `--name=${quoted(wish.name)}`, ...lines(wish.redirects).map(l => `--redirect-uri=${quoted(l)}`), ...options].join(' ')
  const how = wish.kind === 'public' ? ['--public'] : wish.classic || options.length > 0 ? [] : ['--standard']
  return ['atrium oauth2:add-client', quoted(wish.name || 'NAME'), ...lines(wish.redirects).map(quoted), ...how, ...options].join(' ')
}
