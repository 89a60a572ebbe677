import { UserPlus } from '@lucide/vue'
import { capability } from '../../kit/capabilities'
import { defineRoom } from '../../kit/room'

/** Who else reaches a file: people, groups, links, mail addresses. */
export default defineRoom({
  id: 'sharing',
  routes: [],
  tabs: [{
    id: 'sharing', label: 'Sharing', icon: UserPlus, rank: 10,
    needs: caps => capability(caps, 'files_sharing', 'api_enabled') === true,
    component: () => import('./parts/SharingTab.vue'),
  }],
})
