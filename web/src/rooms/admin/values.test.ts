import { expect, test } from 'vitest'
import { type Setting, commandFor } from '../../api/admin'
import { choicesOf, forPerson, fromPerson, matters } from './values'

const setting = (over: Partial<Setting>): Setting => ({
  app: 'core', name: 'x', kind: 'text', value: '', default: '', min: 0, max: 0, oneOf: [], source: 'default', place: '', command: 'atrium config:app:set core x --value=VALUE', doc: '', fixed: false, ...over,
})

test('groups are typed with commas', () => {
  const s = setting({ kind: 'groups', value: '["staff","a b"]' })
  expect(forPerson(s)).toBe('staff, a b')
  expect(fromPerson(s, ' staff,, a b ')).toBe('["staff","a b"]')
  expect(forPerson(setting({ kind: 'groups', value: 'broken' }))).toBe('')
  expect(fromPerson(setting({}), ' x ')).toBe('x')
})

test('what is chosen is always among the choices', () => {
  expect(choicesOf(setting({ value: '5' }), { key: 'core/x', label: '', choices: { 1: 'One' } })).toEqual([{ value: '1', label: 'One' }, { value: '5', label: '5' }])
  expect(choicesOf(setting({ value: 'b', oneOf: ['a', 'b'] }), { key: 'core/x', label: '' }).map(c => c.value)).toEqual(['a', 'b'])
  expect(choicesOf(setting({}), { key: 'core/x', label: '' })).toEqual([])
})

test('a command can be pasted as it is', () => {
  expect(commandFor(setting({ value: '7' }))).toBe('atrium config:app:set core x --value=7')
  expect(commandFor(setting({ value: '["a"]' }))).toBe(`atrium config:app:set core x --value='["a"]'`)
  expect(commandFor(setting({ value: "it's $&" }))).toBe(`atrium config:app:set core x --value='it'\\''s $&'`)
  expect(commandFor(setting({ value: '' }))).toBe(`atrium config:app:set core x --value=''`)
})

test('what hangs on something off does not matter', () => {
  const words = [{ key: 'core/a', label: '' }, { key: 'core/b', label: '', needs: 'core/a' }, { key: 'core/c', label: '', needs: 'core/b' }]
  const byKey = new Map(words.map(w => [w.key, w]))
  const all = (a: string, b: string) => new Map([['core/a', setting({ value: a })], ['core/b', setting({ value: b })]])
  const [, , c] = words
  expect([['yes', '1'], ['yes', 'no'], ['no', 'yes']].map(([a = '', b = '']) => c && matters(c, all(a, b), byKey))).toEqual([true, false, false])
})
