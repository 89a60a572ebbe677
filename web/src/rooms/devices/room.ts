import { MonitorSmartphone } from '@lucide/vue'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** The devices and browsers that are signed in as oneself. */
export default defineRoom({
  id: 'devices',
  routes: [],
  settings: [{ id: 'devices', label: t('Devices and sessions'), icon: MonitorSmartphone, rank: 20, component: () => import('./views/DevicesView.vue') }],
})
