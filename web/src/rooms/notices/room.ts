import { capability } from '../../kit/capabilities'
import { defineRoom } from '../../kit/room'

/** What somebody is to know: the bell. */
export default defineRoom({
  id: 'notices',
  routes: [],
  bar: [{ id: 'bell', rank: 10, kept: true, needs: caps => capability(caps, 'notifications') !== undefined, component: () => import('./parts/TheBell.vue') }],
})
