import { ShieldCheck } from '@lucide/vue'
import { defineRoom } from '../../kit/room'

/** What protects the account besides its password. */
export default defineRoom({
  id: 'security',
  routes: [],
  settings: [{ id: 'security', label: 'Security', icon: ShieldCheck, rank: 10, component: () => import('./views/SecurityView.vue') }],
})
