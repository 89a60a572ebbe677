import { expect, test } from 'vitest'
import { openIDFields } from '../words/openid'
import { valuesOf, wishOf } from './openid'

const { first, more } = openIDFields({ uid: 'sub', email: 'email' })
const sections = [...first, ...more]

test('a provider comes back as it was shown, and without its secret', () => {
  const settings = { client: 'atrium', discovery: 'https://id.example/d', uniqueId: false, groups: true, mapping: { uid: 'preferred_username' } }
  const values = valuesOf({ id: 3, identifier: 'corp', hasSecret: true, settings, callback: '', backChannel: '', frontChannel: '', keys: '' })
  const wish = wishOf(sections, values)
  expect(wish).toMatchObject({ identifier: 'corp', settings: { ...settings, mapping: { uid: 'preferred_username', email: '' }, groupFilter: '', nested: false } })
  expect(wish).not.toHaveProperty('clientSecret')
})

test('a secret is sent when one is typed', () => {
  expect(wishOf(sections, { ...valuesOf(undefined), secret: ' blank ' })).toMatchObject({ clientSecret: ' blank ', settings: { uniqueId: true } })
})
