import { Tags } from '@lucide/vue'
import { capability } from '../../kit/capabilities'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** Words on files, and when one wants to be reminded of them. */
export default defineRoom({
  id: 'tags',
  routes: [],
  tabs: [{ id: 'tags', label: t('Tags'), icon: Tags, rank: 35, needs: caps => capability(caps, 'systemtags', 'enabled') === true, component: () => import('./parts/TagsTab.vue') }],
})
