import { expect, test } from 'vitest'
import type { Webhook } from '../../../api/webhooks'
import { headersIn, webhookValues, webhookWish } from './webhook'

const hook: Webhook = {
  id: 7, appId: null, userId: 'admin', httpMethod: 'PUT', uri: 'https://hooks.example/x', event: 'E', eventFilter: { 'user.uid': 'bob' }, userIdFilter: 'bob',
  headers: { 'X-Extra': 'a: b' }, authMethod: 'header', authData: 'sealed',
}

test('a webhook comes back as it was shown, with its secret sealed', () => {
  const values = webhookValues(hook, 'other')
  expect(webhookWish(values, headersIn(values.headers ?? '') ?? {}, hook.authData)).toEqual({
    httpMethod: 'PUT', uri: 'https://hooks.example/x', event: 'E', eventFilter: '{\n  "user.uid": "bob"\n}', userIdFilter: 'bob', headers: '{"X-Extra":"a: b"}', authMethod: 'header', authData: 'sealed',
  })
})

test('another secret header is sent, or none', () => {
  const values = webhookValues({ ...hook, eventFilter: [], headers: [] }, '')
  expect(values).toMatchObject({ filter: '', headers: '' })
  expect(webhookWish({ ...values, authValue: 'Bearer abc ' }, {}, 'sealed')).toMatchObject({ authMethod: 'header', authData: '{"Authorization":"Bearer abc "}' })
  expect(webhookWish({ ...values, authName: 'X-Key', authValue: 'k' }, {}, null).authData).toBe('{"X-Key":"k"}')
  expect(webhookWish({ ...values, noAuth: '1' }, {}, 'sealed')).toMatchObject({ authMethod: 'none', authData: '' })
})

test('lines are headers, or they are not', () => {
  expect(headersIn(' A: 1\n\nB:2')).toEqual({ A: '1', B: '2' })
  expect(headersIn('nonsense')).toBeUndefined()
})
