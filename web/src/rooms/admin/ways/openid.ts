import type { OpenIDProvider, OpenIDSettings, OpenIDWish } from '../../../api/openid'
import { type FieldSection, type Values, fieldsOf } from './field'

/** What holds when nothing is said of a provider. */
export const usual: Values = { uniqueId: '1' }

/** A provider as its form shows it. */
export function valuesOf(p: OpenIDProvider | undefined): Values {
  if (!p) return usual
  const { mapping, ...plain } = p.settings
  const values: Record<string, string> = { identifier: p.identifier }
  for (const [key, value] of Object.entries(plain)) values[key] = typeof value === 'boolean' ? (value ? '1' : '0') : String(value ?? '')
  for (const [field, claim] of Object.entries(mapping ?? {})) values[`mapping.${field}`] = claim
  return values
}

/** What a form says, as it is sent: all of it, but for a secret that nobody typed. */
export function wishOf(sections: readonly FieldSection[], values: Values): OpenIDWish {
  const settings: OpenIDSettings = {}
  const mapping: Record<string, string> = {}
  for (const f of fieldsOf(sections)) {
    const value = (values[f.key] ?? '').trim()
    if (f.key.startsWith('mapping.')) mapping[f.key.slice('mapping.'.length)] = value
    else if (f.kind === 'yes') settings[f.key] = value === '1'
    else if (f.key !== 'identifier' && f.kind !== 'secret') settings[f.key] = value
  }
  const secret = values.secret ?? ''
  return { identifier: (values.identifier ?? '').trim(), settings: { ...settings, mapping }, ...(secret === '' ? {} : { clientSecret: secret }) }
}
