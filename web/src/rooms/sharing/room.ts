import { Link, UserPlus, Users } from '@lucide/vue'
import { type Capabilities, capability } from '../../kit/capabilities'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

const shares = (caps: Capabilities): boolean => capability(caps, 'files_sharing', 'api_enabled') === true
const view = (which: string) => ({ component: () => import('./views/SharedView.vue'), props: { which }, meta: { places: true } })

/** Who else reaches a file: people, groups, links, mail addresses. */
export default defineRoom({
  id: 'sharing',
  routes: [
    { path: '/apps/files/sharingin', ...view('in') },
    { path: '/apps/files/sharingout', ...view('out') },
    { path: '/apps/files/sharinglinks', ...view('links') },
  ],
  places: [
    { id: 'sharingin', label: t('Shared with me'), icon: Users, rank: 40, to: '/apps/files/sharingin', needs: shares },
    { id: 'sharingout', label: t('Shared by me'), icon: UserPlus, rank: 50, to: '/apps/files/sharingout', needs: shares },
    { id: 'sharinglinks', label: t('Links'), icon: Link, rank: 60, to: '/apps/files/sharinglinks', needs: shares },
  ],
  tabs: [{
    id: 'sharing', label: t('Sharing'), icon: UserPlus, rank: 10,
    needs: shares,
    component: () => import('./parts/SharingTab.vue'),
  }],
})
