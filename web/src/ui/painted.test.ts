import { expect, test, vi } from 'vitest'
import { ref, shallowRef } from 'vue'
import { following } from './painted'

test('what follows does so after a frame, and at once in another place', async () => {
  let frame = (): void => undefined
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => (frame = draw))
  const [leader, place] = [ref(1), shallowRef('here')]
  const follower = following(leader, () => place.value)
  leader.value = 2
  leader.value = 3
  expect(follower.value).toBe(1)
  frame()
  await vi.waitFor(() => expect(follower.value).toBe(3))
  place.value = 'there'
  leader.value = 4
  expect(follower.value).toBe(3)
  place.value = 'elsewhere'
  expect(follower.value).toBe(4)
  vi.unstubAllGlobals()
})
