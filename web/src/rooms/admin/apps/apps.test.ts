import { expect, test } from 'vitest'
import { grantedOf, infoOf, scopesOf, stateOf, tickable, usual, valuesIn, wishOf } from './apps'

test('the JSON of an author fills the form', () => {
  const { values, granted } = valuesIn('{"id": "notes_bot", "name": "Notes", "version": "2.1", "secret": "hush hush hush hush", "port": 9031, "daemon_config_name": "manual", "system": 1, "scopes": ["BASIC", "FILES"], "routes": [{"url": "^api/", "verb": "GET", "access_level": "USER"}]}')
  expect(values).toMatchObject({ id: 'notes_bot', name: 'Notes', version: '2.1', secret: 'hush hush hush hush', port: '9031', daemon: 'manual', system: '1' })
  expect(granted).toEqual({ kind: 'some', some: ['FILES'] })
  expect(infoOf({ ...usual, ...values }, granted ?? grantedOf([]))).toEqual({
    name: 'Notes', version: '2.1', secret: 'hush hush hush hush', port: 9031, system: 1, scopes: ['FILES'], routes: [{ url: '^api/', verb: 'GET', access_level: 'USER' }],
  })
})

test('what is no JSON object is told', () => {
  for (const text of ['', 'name: x', '[]', '3', 'null', '"x"']) expect(() => valuesIn(text), text).toThrow(SyntaxError)
  expect(valuesIn('{"name": {"en": "x"}, "port": null, "scopes": "ALL"}')).toEqual({ values: {} })
})

test('a wish says no more than the form', () => {
  const wish = wishOf({ ...usual, id: ' bot ', port: 'x', signed: '1' }, { kind: 'asked', some: [] }, 'manual')
  expect(wish).toEqual({ id: 'bot', daemon: 'manual', info: '{"name":"bot","version":"1.0.0"}', signed: true, force: true })
  expect(() => infoOf({ ...usual, routes: '{}' }, grantedOf([]))).toThrow(SyntaxError)
  expect(() => infoOf({ ...usual, routes: '[' }, grantedOf([]))).toThrow(SyntaxError)
})

test('scopes are everything, some, or what the app asks for', () => {
  expect(scopesOf(grantedOf(['ALL']))).toEqual(['ALL'])
  expect(scopesOf(grantedOf(['BASIC']))).toEqual([])
  expect(scopesOf({ kind: 'asked', some: ['FILES'] })).toBeUndefined()
  expect(tickable(['ALL', 'BASIC', 'DAV', 'FILES'], [])).toEqual(['FILES'])
  expect(tickable(['ALL', 'BASIC', 'DAV', 'FILES'], ['DAV'])).toEqual(['DAV', 'FILES'])
})

test('the state of an app is one of four', () => {
  const status = { init: 0, action: '', type: '', error: '' }
  expect(stateOf({ enabled: false, status: { ...status, action: 'init' } })).toBe('starting')
  expect(stateOf({ enabled: true, status: { ...status, error: 'no disk' } })).toBe('broken')
  expect([stateOf({ enabled: true, status }), stateOf({ enabled: false, status })]).toEqual(['on', 'off'])
})
