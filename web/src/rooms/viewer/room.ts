import { defineRoom } from '../../kit/room'
import { query, view } from './viewing'

/** Looks into files: pictures, films, sound, texts, PDF; what it cannot show it offers for download. */
export default defineRoom({
  id: 'viewer',
  routes: [],
  openers: [{ id: 'viewer', rank: 90, opens: entry => !entry.folder, open: view }],
  layers: [{ id: 'viewer', query, component: () => import('./views/ViewerLayer.vue') }],
})
