import { MonitorSmartphone, Smartphone } from '@lucide/vue'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** The devices and browsers that are signed in as oneself. */
export default defineRoom({
  id: 'devices',
  routes: [],
  settings: [
    { id: 'connect', label: t('Connect devices'), icon: Smartphone, rank: 15, component: () => import('./views/ConnectView.vue') },
    { id: 'devices', label: t('Devices and sessions'), icon: MonitorSmartphone, rank: 20, component: () => import('./views/DevicesView.vue') },
  ],
})
