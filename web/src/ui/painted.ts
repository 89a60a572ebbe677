import { readonly, shallowRef, watch, type Ref } from 'vue'

/** Milliseconds after which nobody waits for a frame any more: a page that is not in front draws none. */
const never = 200

/** Waits until what has changed is on the screen: for work that may come after it. */
export const painted = (): Promise<void> => new Promise(done => {
  requestAnimationFrame(() => setTimeout(done))
  setTimeout(done, never)
})

/**
 * A value that follows another one a frame later, so that what a press changes first is seen
 * before what takes longer is drawn. When `at` changes there is nothing to be seen before, and
 * it follows at once.
 */
export function following<T>(leader: Readonly<Ref<T>>, at: () => unknown): Readonly<Ref<T>> {
  const follower = shallowRef(leader.value)
  watch([at, leader], ([now], [before]) => {
    if (now !== before) follower.value = leader.value
    else void painted().then(() => (follower.value = leader.value))
  }, { flush: 'sync' })
  return readonly(follower) as Readonly<Ref<T>>
}
