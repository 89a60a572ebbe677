import { expect, test } from 'vitest'
import { base64url, bytes } from './keys'

test('base64url there and back', () => {
  expect([...bytes('-_8')]).toEqual([0xfb, 0xff])
  expect(base64url(new Uint8Array([0xfb, 0xff]).buffer)).toBe('-_8')
  for (let n = 0; n < 70; n++) {
    const some = Uint8Array.from({ length: n }, (_, i) => (i * 37 + n) % 256)
    expect(bytes(base64url(some.buffer))).toEqual(some)
  }
})
