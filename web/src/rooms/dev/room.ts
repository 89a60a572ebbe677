import { defineRoom } from '../../kit/room'

/** For who works on the client: its components in each of their states, at /dev/ui. */
export default defineRoom({
  id: 'dev',
  routes: [{ path: '/dev/ui', component: () => import('./views/UiView.vue') }],
})
