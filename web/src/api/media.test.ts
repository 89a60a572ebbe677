import { expect, test } from 'vitest'
import { aboutIn } from './media'

const answer = (props: string): string =>
  `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"><d:response><d:href>/x</d:href><d:propstat><d:prop>${props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`

test('what a photo tells of itself', () => {
  const about = aboutIn(answer(`<oc:permissions>RGDNVW</oc:permissions><nc:metadata-photos-size><width>40</width><height>30</height></nc:metadata-photos-size>
    <nc:metadata-photos-original_date_time>1563129005</nc:metadata-photos-original_date_time>
    <nc:metadata-photos-gps><latitude>-33.5</latitude><longitude>151.25</longitude></nc:metadata-photos-gps>
    <nc:metadata-photos-exif><FNumber>2.8</FNumber></nc:metadata-photos-exif><nc:metadata-photos-ifd0><Make>A &amp; B</Make><Model>C 1</Model></nc:metadata-photos-ifd0>`))
  expect(about).toEqual({
    width: 40, height: 30, taken: 1563129005000, place: { latitude: -33.5, longitude: 151.25 }, mayChange: true, tags: new Map([['Make', 'A & B'], ['Model', 'C 1'], ['FNumber', '2.8']]),
  })
})

test('what tells nothing', () => {
  expect(aboutIn(answer('<oc:permissions>RG</oc:permissions>'))).toEqual({ width: 0, height: 0, taken: 0, place: undefined, mayChange: false, tags: new Map() })
})
