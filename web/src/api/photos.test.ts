import { expect, test } from 'vitest'
import { Multistatus } from './multistatus'
import { type Photo, photoOf } from './photos'

test('a photo as the server tells of it', () => {
  const all: Photo[] = []
  const parser = new Multistatus(found => all.push(photoOf('ada', found)))
  parser.push(`<d:multistatus xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:response><d:href>/remote.php/dav/files/ada/a%20b.jpg</d:href><d:propstat><d:prop>
    <d:getlastmodified>Tue, 14 Jul 2020 00:00:00 GMT</d:getlastmodified><nc:metadata-photos-original_date_time>1563129005</nc:metadata-photos-original_date_time>
    <nc:metadata-photos-size><width>40</width><height>30</height></nc:metadata-photos-size></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
    <d:response><d:href>/remote.php/dav/files/ada/c.mp4</d:href><d:propstat><d:prop><d:getlastmodified>Tue, 14 Jul 2020 00:00:00 GMT</d:getlastmodified></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`)
  parser.end()
  expect(all).toMatchObject([{ path: '/a b.jpg', taken: 1563129005000, width: 40, height: 30 }, { path: '/c.mp4', taken: Date.UTC(2020, 6, 14), width: 0, height: 0 }])
})
