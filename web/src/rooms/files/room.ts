import { Folder, Info } from '@lucide/vue'
import { clean } from '../../kit/paths'
import { defineRoom } from '../../kit/room'
import FilesView from './views/FilesView.vue'

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The files of the signed-in person. The addresses are those that links to Nextcloud use. */
export default defineRoom({
  id: 'files',
  routes: [
    { path: '/apps/files', redirect: to => ({ name: 'files', query: to.query }) },
    {
      path: '/apps/files/files/:file(\\d+)?',
      name: 'files',
      component: FilesView,
      meta: { places: true },
      props: to => ({ dir: clean(text(to.query.dir)), file: text(to.params.file) }),
    },
  ],
  places: [{ id: 'files', label: 'All files', icon: Folder, rank: 10, to: '/apps/files/files' }],
  bar: [{ id: 'uploads', rank: 90, component: () => import('./parts/UploadsPiece.vue') }],
  tabs: [{ id: 'properties', label: 'Details', icon: Info, rank: 90, component: () => import('./parts/PropertiesTab.vue') }],
})
