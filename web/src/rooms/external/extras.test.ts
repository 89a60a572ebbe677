import { expect, test } from 'vitest'
import type { Entry } from '../../api/dav'
import { askedIn } from '../../api/external'
import { fits, offered } from './extras'

const entry = (mime: string, more: Partial<Entry> = {}): Entry => ({
  id: '1', name: 'x', path: '/x', folder: mime === '', size: 1, modified: 0, etag: '', mime, mayRename: true, mayDelete: true, mayCreate: false, mayShare: true, own: true, favourite: false, preview: false, ...more,
})

test.each([
  ['file', 'text/plain', true], ['file', '', false], ['dir', '', true], ['httpd/unix-directory', '', true], ['image', 'image/png', true], ['image/', 'image/png', true], ['image/*', 'image/png', true],
  ['image/png', 'image/png', true], ['image/png', 'image/jpeg', false], ['im', 'image/png', false], ['text/plain, image/*', 'image/png', true], ['*/*', '', true], ['', 'image/png', false],
])('an entry for %s and a file of %s: %s', (mime, of, want) => {
  expect(fits(mime, entry(of))).toBe(want)
})

test('an entry wants any of its permissions, of each file', () => {
  const action = { app: 'a', name: 'b', label: 'B', icon: '', mime: 'file', permissions: 8 }
  expect(offered(action, [entry('text/plain')])).toBe(true)
  expect(offered(action, [entry('text/plain'), entry('text/plain', { mayDelete: false })])).toBe(false)
  expect(offered({ ...action, permissions: 31 }, [entry('text/plain', { mayDelete: false, mayRename: false, mayShare: false })])).toBe(true)
  expect(offered(action, [])).toBe(false)
})

test.each(['../other/x', 'a/../../other', '/../x', '%2e%2e/other', 'a%2f..%2fother', '..\\other', '\\\\evil'])('the page of an app does not get beyond it by %s', path => {
  const asked = askedIn({ id: 1, method: 'GET', path })
  expect(asked === undefined || !/\.\.|other$/.test(asked.path) || asked.path === 'other').toBe(true)
  if (asked) expect(new URL(`/apps/app_api/proxy/app/${asked.path}`, 'app://h').pathname).toMatch(/^\/apps\/app_api\/proxy\/app\//)
})

test('what a page asks of its app', () => {
  expect(askedIn({ id: 3, method: 'POST', path: 'api/x?y=1', type: 'application/json', body: '{}' })).toEqual({ id: 3, method: 'POST', path: 'api/x?y=1', type: 'application/json', body: '{}' })
  expect(askedIn({ id: 3, method: 'TRACE', path: 'x' })).toBeUndefined()
  expect(askedIn('nonsense')).toBeUndefined()
})
