import { expect, test } from 'vitest'
import { happeningIn, rich } from './activity'
import { commentIn } from './comments'
import { versionIn } from './versions'

test('a sentence is put together of words and names', () => {
  const things = { oldfile: { type: 'file', id: '7', name: 'a.txt' }, newfile: { type: 'file', id: '7', name: '<b>' } }
  expect(rich('You renamed {oldfile} to {newfile}.', things).map(p => `${p.type}:${p.text}`)).toEqual([':You renamed ', 'file:a.txt', ': to ', 'file:<b>', ':.'])
  expect(rich('{nobody} was here', {})[0]).toEqual({ text: '{nobody}', type: '', id: '' })
})

test('what happened is read', () => {
  const said = { activity_id: 9, type: 'file_deleted', user: 'al', subject: 'plain', subject_rich: ['You deleted {file}', { file: { type: 'file', id: '5', name: 'x' } }], datetime: '2026-11-22T01:56:00+00:00' }
  expect(happeningIn(said)).toMatchObject({ id: '9', by: 'al', at: Date.UTC(2026, 10, 22, 1, 56) })
  expect(happeningIn({ activity_id: 1, subject: 'plain', subject_rich: [] }).pieces).toEqual([{ text: 'plain', type: '', id: '' }])
})

test('comments and versions are read', () => {
  const props = (all: Record<string, string>): Map<string, string> => new Map(Object.entries(all))
  const oc = '{http://owncloud.org/ns}'
  expect(commentIn({ href: '', status: 200, props: props({ [`${oc}id`]: '4', [`${oc}actorId`]: 'al', [`${oc}message`]: '<i>', [`${oc}isUnread`]: 'true' }) }))
    .toEqual({ id: '4', by: 'al', name: 'al', text: '<i>', at: 0, unread: true })
  expect(versionIn({ href: '/remote.php/dav/versions/al/versions/7/1700000000', status: 200, props: props({ '{DAV:}getcontentlength': '3', '{http://nextcloud.org/ns}version-label': 'sent' }) }))
    .toEqual({ key: '1700000000', size: 3, modified: 0, label: 'sent', author: '' })
})
