import { Activity } from '@lucide/vue'
import { capability } from '../../kit/capabilities'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** What happened to files. */
export default defineRoom({
  id: 'activity',
  routes: [],
  tabs: [{ id: 'activity', label: t('Activity'), icon: Activity, rank: 40, needs: caps => capability(caps, 'activity', 'apiv2') !== undefined, component: () => import('./parts/ActivityTab.vue') }],
})
