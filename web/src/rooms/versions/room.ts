import { History } from '@lucide/vue'
import { capability } from '../../kit/capabilities'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** What files once were. */
export default defineRoom({
  id: 'versions',
  routes: [],
  tabs: [{ id: 'versions', label: t('Versions'), icon: History, rank: 30, needs: caps => capability(caps, 'files', 'versioning') === true, component: () => import('./parts/VersionsTab.vue') }],
})
