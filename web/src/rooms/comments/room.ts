import { MessageSquare } from '@lucide/vue'
import { capability } from '../../kit/capabilities'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** What people say of files. */
export default defineRoom({
  id: 'comments',
  routes: [],
  tabs: [{ id: 'comments', label: t('Comments'), icon: MessageSquare, rank: 20, needs: caps => capability(caps, 'files', 'comments') === true, component: () => import('./parts/CommentsTab.vue') }],
})
