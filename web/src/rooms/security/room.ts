import { ShieldCheck } from '@lucide/vue'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** What protects the account besides its password. */
export default defineRoom({
  id: 'security',
  routes: [],
  settings: [{ id: 'security', label: t('Security'), icon: ShieldCheck, rank: 10, component: () => import('./views/SecurityView.vue') }],
})
