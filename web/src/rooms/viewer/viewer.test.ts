import { expect, test } from 'vitest'
import { camera, degrees, exposure, takenAt } from './exif'
import { kindOf, largestText } from './kinds'
import { fitted, held, most, upright, zoomed } from './zoom'

const kind = (name: string, mime: string, size = 10, preview = false): string => kindOf({ name, mime, size, preview })

test('how files are shown', () => {
  expect([kind('a.jpg', 'image/jpeg'), kind('a.svg', 'image/svg+xml'), kind('a.heic', 'image/heic', 1, true), kind('a.heic', 'image/heic')]).toEqual(['picture', 'picture', 'preview', 'other'])
  expect([kind('a.mp4', 'video/mp4'), kind('a.ogg', 'audio/ogg'), kind('a.pdf', 'application/pdf'), kind('a.odt', 'application/vnd.oasis.opendocument.text', 1, true)]).toEqual(['video', 'audio', 'pdf', 'preview'])
  expect([kind('a.md', 'text/markdown'), kind('README.MD', 'application/octet-stream'), kind('a.go', 'application/octet-stream'), kind('Makefile', 'application/octet-stream'), kind('a.ts', 'video/mp2t')]).toEqual(['markdown', 'markdown', 'text', 'text', 'text'])
  expect([kind('a.txt', 'text/plain', largestText + 1), kind('a.rtf', 'text/rtf'), kind('a.bin', 'application/octet-stream')]).toEqual(['other', 'other', 'other'])
})

test('pictures fit, turned or not, and small ones keep their size', () => {
  const room = { width: 800, height: 600 }
  expect(fitted({ width: 4000, height: 2000 }, room, 0)).toEqual({ width: 800, height: 400 })
  expect(fitted({ width: 4000, height: 2000 }, room, 1)).toEqual({ width: 600, height: 300 })
  expect(fitted({ width: 40, height: 20 }, room, 1)).toEqual({ width: 40, height: 20 })
  expect(fitted({ width: 0, height: 0 }, room, 0)).toEqual({ width: 0, height: 0 })
  expect([most({ width: 4000, height: 2000 }, { width: 800, height: 400 }), most({ width: 40, height: 20 }, { width: 40, height: 20 })]).toEqual([20, 8])
})

test('zooming keeps what is under the pointer, and nothing leaves the room', () => {
  const [drawn, room] = [{ width: 800, height: 400 }, { width: 800, height: 600 }]
  const near = zoomed(upright, 2, { x: 100, y: -50 }, 8)
  expect(near).toEqual({ scale: 2, x: -100, y: 50, turn: 0 })
  expect(zoomed(near, 100, { x: 0, y: 0 }, 8).scale).toBe(8)
  expect(held({ ...near, x: 9999, y: -9999 }, drawn, room)).toEqual({ scale: 2, x: 400, y: -100, turn: 0 })
  expect(held({ ...near, turn: 1, x: 9999, y: 9999 }, drawn, room)).toEqual({ scale: 2, x: 0, y: 500, turn: 1 })
  expect(held({ ...upright, x: 5, y: 5 }, drawn, room)).toEqual({ ...upright })
})

test('what cameras tell, for people', () => {
  expect([camera(new Map([['Make', 'Canon'], ['Model', 'Canon EOS 5D']])), camera(new Map([['Make', 'NIKON CORPORATION'], ['Model', 'NIKON D70']])), camera(new Map([['Make', 'Apple'], ['Model', 'iPhone 15']]))])
    .toEqual(['Canon EOS 5D', 'NIKON D70', 'Apple iPhone 15'])
  expect(exposure(new Map([['ExposureTime', '1/250'], ['FNumber', '28/10'], ['ISOSpeedRatings', '200'], ['FocalLength', '35.04']]))).toBe('1/250 s · f/2.8 · ISO 200 · 35 mm')
  expect(exposure(new Map([['ExposureTime', '0.5'], ['FNumber', 'x']]))).toBe('0.5 s')
  expect([degrees({ latitude: -33.5, longitude: 151.25 }), takenAt(1563129005000)]).toEqual(['33.50000° S, 151.25000° E', expect.stringMatching(/14 July 2019.*18:30/)])
})
