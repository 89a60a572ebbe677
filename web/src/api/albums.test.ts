import { expect, test } from 'vitest'
import { albumIn } from './albums'

const found = (name: string, values: Record<string, string>) => ({
  href: `/remote.php/dav/photos/ada/albums/${name}/`, status: 200, props: new Map(Object.entries(values).map(([key, value]) => [`{http://nextcloud.org/ns}${key}`, value])),
})

test('an album, full and empty', () => {
  expect(albumIn(found('Trip%20%26%20more', { nbItems: '3', 'last-photo': '17' }))).toEqual({ name: 'Trip & more', count: 3, cover: '17' })
  expect(albumIn(found('New', { nbItems: '0', 'last-photo': '-1' }))).toEqual({ name: 'New', count: 0, cover: '' })
})
