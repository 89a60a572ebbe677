import { HandHelping } from '@lucide/vue'
import { capability } from '../../kit/capabilities'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'
import { ask, query } from './asking'

/** Giving what is one's own to somebody else, once they accept. */
export default defineRoom({
  id: 'handover',
  routes: [],
  settings: [{ id: 'offers', label: t('Handing over'), icon: HandHelping, rank: 37, component: () => import('./views/OffersView.vue') }],
  actions: [{
    id: 'handover', rank: 65, label: t('Hand over …'), icon: HandHelping,
    needs: caps => capability(caps, 'transfer', 'offers') === true,
    enabled: all => all.length === 1 && all.every(e => e.own && e.mayDelete && e.mayShare),
    run: ([entry]) => entry && void ask(entry.path),
  }],
  layers: [{ id: 'handover', query, component: () => import('./parts/HandOverDialog.vue') }],
})
