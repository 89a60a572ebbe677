import { CircleUser } from '@lucide/vue'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** What people show of themselves: profile, status, absences. */
export default defineRoom({
  id: 'profile',
  routes: [],
  settings: [{ id: 'profile', label: t('Profile'), icon: CircleUser, rank: 5, component: () => import('./views/ProfileView.vue') }],
})
