import { Blocks } from '@lucide/vue'
import { actionIcon, embedded, menuIcon } from '../../api/external'
import { administers } from '../../kit/power'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'
import { extrasIn, offered } from './extras'
import { iconOf } from './icons'

/** What programs beside the server add: pages, entries in the menus of files, settings. */
export default defineRoom({
  id: 'external',
  routes: [{ path: '/apps/app_api/embedded/:app/:rest(.+)', component: () => import('./views/EmbeddedView.vue'), props: true, meta: { places: true } }],
  settings: [{ id: 'apps', label: t('External apps'), icon: Blocks, rank: 45, needs: caps => extrasIn(caps) !== undefined, component: () => import('./views/MineView.vue') }],
  admin: [
    { id: 'appforms', group: 'server', label: t('Settings of apps'), icon: Blocks, rank: 5, needs: caps => administers(caps) && extrasIn(caps)?.forms.admin === true, component: () => import('./views/FormsView.vue') },
  ],
  later: {
    places: caps => (extrasIn(caps)?.menu ?? []).map((m, i) => ({
      id: `external-${m.app}-${m.name}`, rank: 200 + i, label: m.label, icon: m.icon === '' ? Blocks : iconOf(menuIcon(m)), to: embedded(m.app, m.name),
    })),
    actions: caps => (extrasIn(caps)?.actions ?? []).map((a, i) => ({
      id: `external-${a.app}-${a.name}`, rank: 66 + i / 100, label: a.label, icon: a.icon === '' ? Blocks : iconOf(actionIcon(a)),
      enabled: all => offered(a, all), run: all => void import('./act').then(({ act }) => act(a, all)),
    })),
  },
})
