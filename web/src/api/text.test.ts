import { expect, test } from 'vitest'
import { decoded } from './text'

test('bytes that are text, and those that are not', () => {
  const bytes = (...all: number[]): ArrayBuffer => new Uint8Array(all).buffer
  expect(decoded(new TextEncoder().encode('grün\n').buffer)).toBe('grün\n')
  expect(decoded(bytes(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa') // a mark of the order stays, so that saving changes nothing else
  expect([decoded(bytes(0x61, 0)), decoded(bytes(0xff, 0xfe, 0x61))]).toEqual([undefined, undefined])
  expect(decoded(bytes())).toBe('')
})
