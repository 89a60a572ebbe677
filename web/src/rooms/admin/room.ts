import { FolderCog, Gauge, Share2, Users } from '@lucide/vue'
import { holds, leads } from '../../kit/power'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** Looking after the server: its state, the people on it, and its rules. */
export default defineRoom({
  id: 'admin',
  routes: [],
  admin: [
    { id: 'overview', group: 'server', get label() { return t('Overview') }, icon: Gauge, rank: 0, needs: caps => holds(caps, 'monitor'), component: () => import('./views/OverviewView.vue') },
    { id: 'people', group: 'people', get label() { return t('People') }, icon: Users, rank: 10, needs: caps => leads(caps) || holds(caps, 'users'), component: () => import('./views/PeopleView.vue') },
    {
      id: 'sharing', group: 'rules', get label() { return t('Sharing') }, icon: Share2, rank: 20, needs: caps => holds(caps, 'settings'), component: () => import('./views/SharingView.vue'),
      things: async () => (await import('./words/things')).sharingThings(),
    },
    {
      id: 'files', group: 'rules', get label() { return t('Files') }, icon: FolderCog, rank: 24, needs: caps => holds(caps, 'settings'), component: () => import('./views/FilesView.vue'),
      things: async () => (await import('./words/things')).filesThings(),
    },
  ],
})
