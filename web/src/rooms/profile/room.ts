import { CircleUser } from '@lucide/vue'
import { defineRoom } from '../../kit/room'

/** What people show of themselves: profile, status, absences. */
export default defineRoom({
  id: 'profile',
  routes: [],
  settings: [{ id: 'profile', label: 'Profile', icon: CircleUser, rank: 5, component: () => import('./views/ProfileView.vue') }],
})
