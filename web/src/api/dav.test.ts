import { expect, test } from 'vitest'
import { addressOf, entryOf, zipAddress } from './dav'
import { type Found, Multistatus } from './multistatus'

function read(xml: string): Found[] {
  const found: Found[] = []
  const reader = new Multistatus(f => found.push(f))
  reader.push(xml)
  reader.end()
  return found
}

const answer = `<?xml version="1.0"?>
<d:multistatus xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns">
<d:response><d:href>/remote.php/dav/files/j%C3%BCrgen%40b/a%20%26%20b/</d:href><d:propstat><d:prop>
 <d:resourcetype><d:collection/></d:resourcetype><d:getlastmodified>Sun, 22 Nov 2026 05:00:00 GMT</d:getlastmodified>
 <d:getetag>&quot;0123456789abcdef&quot;</d:getetag><oc:fileid>12</oc:fileid><oc:size>3072</oc:size><oc:permissions>RGDNVCK</oc:permissions><oc:favorite>1</oc:favorite>
</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
<d:propstat><d:prop><d:getcontenttype/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>
<d:response><d:href>https://host:8080/remote.php/dav/files/j%c3%bcrgen@b/a%20&amp;%20b/50%25%23.txt</d:href><d:propstat><d:prop>
 <d:resourcetype/><d:getlastmodified>Mon, 01 Jan 1900 00:00:00 GMT</d:getlastmodified><d:getcontenttype>text/plain</d:getcontenttype>
 <oc:fileid>13</oc:fileid><oc:size>5000000000000</oc:size><oc:permissions>SG</oc:permissions><oc:favorite>0</oc:favorite><nc:has-preview>true</nc:has-preview>
</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
</d:multistatus>`

test('a listing becomes entries', () => {
  const entries = read(answer).map(f => entryOf('jürgen@b', f))
  expect(entries).toEqual([
    {
      id: '12', name: 'a & b', path: '/a & b', folder: true, size: 3072, modified: Date.UTC(2026, 10, 22, 5), etag: '"0123456789abcdef"', mime: '',
      mayRename: true, mayDelete: true, mayCreate: true, mayShare: true, own: true, favourite: true, preview: false,
    },
    {
      id: '13', name: '50%#.txt', path: '/a & b/50%#.txt', folder: false, size: 5e12, modified: Date.UTC(1900, 0, 1), etag: '', mime: 'text/plain',
      mayRename: false, mayDelete: false, mayCreate: false, mayShare: false, own: false, favourite: false, preview: true,
    },
  ])
})

test('a property that was not found is none, even if it is told with a value', () => {
  const [found] = read('<m:multistatus xmlns:m="DAV:"><m:response><m:href>/x</m:href><m:propstat><m:prop><m:getetag>1</m:getetag></m:prop>'
    + '<m:status>HTTP/1.1 403 Forbidden</m:status></m:propstat></m:response></m:multistatus>')
  expect(found?.props.size).toBe(0)
})

test('the home is a slash', () => {
  const found: Found = { href: '/remote.php/dav/files/alice', status: 200, props: new Map() }
  expect(entryOf('alice', found).path).toBe('/')
})

test.each([
  ['the home of another', '/remote.php/dav/files/bob/a'],
  ['another place', '/alice/a'],
])('%s is refused', (_, href) => {
  expect(() => entryOf('alice', { href, status: 200, props: new Map() })).toThrow(/outside/)
})

test.each([
  ['half an answer', answer.slice(0, answer.lastIndexOf('</d:multistatus'))],
  ['an answer cut within an entry', answer.slice(0, 700)],
  ['another document', '<d:error xmlns:d="DAV:"/>'],
  ['a status that is none', answer.replace('HTTP/1.1 200 OK', 'fine')],
])('%s is no listing', (_, xml) => {
  expect(() => read(xml)).toThrow(SyntaxError)
})

test('addresses are escaped segment by segment', () => {
  expect(addressOf('a b', '/50%/ä#?.txt')).toBe('/remote.php/dav/files/a%20b/50%25/%C3%A4%23%3F.txt')
  expect(zipAddress('a', '/x', ['b&c.txt'])).toBe('/remote.php/dav/files/a/x?accept=zip&files=%5B%22b%26c.txt%22%5D')
  expect(zipAddress('a', '/x', [])).toBe('/remote.php/dav/files/a/x?accept=zip')
})
