import { expect, test } from 'vitest'
import { downloadAttribute, shareIn, shareesIn } from './shares'

test('a share is read, a link by its label', () => {
  const said = {
    id: '7', share_type: 0, share_with: 'bob', share_with_displayname: 'Bob Brown', permissions: 17, expiration: '2027-01-02 00:00:00', password: null, note: 'hi', label: '',
    hide_download: 0, attributes: null, displayname_owner: 'Alice', can_edit: true, can_delete: true,
  }
  expect(shareIn(said)).toEqual({
    id: '7', kind: 0, may: 17, with: 'bob', name: 'Bob Brown', expires: '2027-01-02', password: false, note: 'hi', label: '', hideDownload: false, download: true, url: '', by: 'Alice',
    mayEdit: true, mayEnd: true,
  })
  const link = shareIn({ id: 8, share_type: 3, permissions: 1, share_with: 'redacted', password: 'redacted', label: 'Press', url: 'x', hide_download: 1, attributes: downloadAttribute(false) })
  expect(link).toMatchObject({ id: '8', with: '', name: 'Press', password: true, url: 'x', hideDownload: true, download: false })
})

test('who matches exactly comes first, and once', () => {
  const bob = { label: 'Bob', subline: '', shareWithDisplayNameUnique: 'bob@example', value: { shareType: 0, shareWith: 'bob' } }
  const team = { label: 'Bobbers', value: { shareType: 1, shareWith: 'bobbers' } }
  const mail = { label: 'Leon (leon@example)', name: 'Leon', value: { shareType: 4, shareWith: 'leon@example' } }
  const found = shareesIn({ exact: { users: [bob], groups: [], emails: [] }, users: [bob], groups: [team], emails: [mail] })
  expect(found.map(s => `${s.kind} ${s.with} ${s.name}`)).toEqual(['0 bob Bob', '1 bobbers Bobbers', '4 leon@example Leon'])
})
