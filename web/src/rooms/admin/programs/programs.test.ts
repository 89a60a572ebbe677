import { expect, test } from 'vitest'
import type { Client } from '../../../api/clients'
import { commandFor, mayBeTrusted, valuesOf, wishOf, withWord } from './programs'

const printer: Client = {
  id: 7, name: 'Photo Printer', clientId: 'abc', kind: 'confidential', redirects: ['https://a.example/cb', 'https://b.example/cb'], logouts: [], scope: 'openid files:read', trusted: true, classic: false, audience: '', offers: '',
  people: 3, formerUntil: 0,
}

test('a client goes through its form and comes out the same', () => {
  expect(wishOf(valuesOf(printer))).toEqual({
    kind: 'confidential', name: 'Photo Printer', redirects: 'https://a.example/cb\nhttps://b.example/cb', logouts: '', scope: 'openid files:read', trusted: true, classic: false, audience: '', offers: '', jwks: '',
  })
})

test('only who can show who it is may be trusted, and only with a scope', () => {
  const values = { ...valuesOf(undefined), trusted: '1' }
  expect([mayBeTrusted(values), mayBeTrusted({ ...values, scope: 'openid' }), mayBeTrusted({ ...values, scope: 'openid', kind: 'public' })]).toEqual([false, true, false])
  expect(wishOf({ ...values, kind: 'public', scope: 'openid', classic: '1', jwks: '{}' })).toMatchObject({ trusted: false, classic: false, jwks: '' })
})

test('words of a scope come and go', () => {
  expect(withWord('openid  files:read', 'email', true)).toBe('openid files:read email')
  expect(withWord('openid files:read openid', 'openid', false)).toBe('files:read')
})

test('the command does what the form does', () => {
  expect(commandFor({ ...valuesOf(undefined), name: 'Photo Printer', redirects: 'https://a.example/cb' }, '')).toBe("atrium oauth2:add-client 'Photo Printer' https://a.example/cb --standard")
  expect(commandFor({ ...valuesOf(undefined), name: 'x', redirects: 'http://localhost:*', kind: 'public', scope: 'openid' }, '')).toBe("atrium oauth2:add-client x 'http://localhost:*' --public --scope=openid")
  expect(commandFor(valuesOf(printer), 'abc')).toBe("atrium oauth2:change-client abc '--name=Photo Printer'".replace("'--name=Photo Printer'", "--name='Photo Printer'") + " --redirect-uri=https://a.example/cb --redirect-uri=https://b.example/cb --scope='openid files:read' --trusted=true")
})
