import { expect, test } from 'vitest'
import { trashedIn } from './trash'

test('what was deleted is read', () => {
  const found = {
    href: '/remote.php/dav/trashbin/al/trash/a%20b.txt.d1700000000', status: 200,
    props: new Map([
      ['{http://nextcloud.org/ns}trashbin-filename', 'a b.txt'], ['{http://nextcloud.org/ns}trashbin-original-location', 'in/a b.txt'],
      ['{http://nextcloud.org/ns}trashbin-deletion-time', '1700000000'], ['{http://nextcloud.org/ns}trashbin-deleted-by-id', 'bob'],
      ['{http://nextcloud.org/ns}trashbin-deleted-by-display-name', 'Bob Brown'], ['{http://owncloud.org/ns}size', '12'], ['{http://owncloud.org/ns}fileid', '7'], ['{DAV:}getcontenttype', 'text/plain'],
    ]),
  }
  expect(trashedIn('al', found)).toEqual({
    id: 'a b.txt.d1700000000', key: 'a b.txt.d1700000000', file: '7', name: 'a b.txt', folder: false, size: 12, mime: 'text/plain', from: '/in/a b.txt', deleted: 1700000000000, by: 'Bob Brown',
  })
  expect(trashedIn('bob', found).by).toBe('')
})
