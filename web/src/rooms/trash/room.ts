import { Trash2 } from '@lucide/vue'
import { capability } from '../../kit/capabilities'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** What was deleted, for as long as it can be had back. */
export default defineRoom({
  id: 'trash',
  routes: [{ path: '/apps/files/trashbin', component: () => import('./views/TrashView.vue'), meta: { places: true } }],
  places: [{ id: 'trash', label: t('Trash'), icon: Trash2, rank: 90, to: '/apps/files/trashbin', needs: caps => capability(caps, 'files', 'undelete') === true }],
})
