import { BellRing, HardDrive, Lightbulb, Palette, Share2 } from '@lucide/vue'
import { look, setLook } from '../../kit/look'
import { complain } from '../../kit/notices'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** What people choose for themselves, and what they are told when they come for the first time. */
export default defineRoom({
  id: 'mine',
  routes: [],
  settings: [
    { id: 'notifications', label: t('Notifications'), icon: BellRing, rank: 30, component: () => import('./views/NotifyingView.vue') },
    { id: 'sharing', label: t('Sharing'), icon: Share2, rank: 35, component: () => import('./views/SharingView.vue') },
    { id: 'appearance', label: t('Appearance'), icon: Palette, rank: 40, component: () => import('./views/AppearanceView.vue') },
    { id: 'storage', label: t('Storage and privacy'), icon: HardDrive, rank: 50, component: () => import('./views/DataView.vue') },
  ],
  bar: [{ id: 'tour', rank: 90, needs: () => look.tour === 'due', component: () => import('./parts/TheTour.vue') }],
  commands: [{
    id: 'tour', label: t('Show the short tour'), icon: Lightbulb,
    run: () => setLook('tour', 'due').catch((error: unknown) => complain(t('The tour cannot be shown.'), error)),
  }],
})
