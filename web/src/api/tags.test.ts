import { expect, test } from 'vitest'
import { tagIn } from './tags'

test('a tag is read with its colour and whether one may assign it', () => {
  const found = new Map([['{http://owncloud.org/ns}id', '4'], ['{http://owncloud.org/ns}display-name', 'urgent'], ['{http://owncloud.org/ns}can-assign', 'true'], ['{http://nextcloud.org/ns}color', 'aa0000']])
  expect(tagIn(found)).toEqual({ id: '4', name: 'urgent', color: 'aa0000', mayAssign: true })
  expect(tagIn(new Map())).toMatchObject({ id: '', mayAssign: false })
})
