import { Clock, Folder, Info, Star, Tags } from '@lucide/vue'
import type { RouteLocationNormalized } from 'vue-router'
import { capability } from '../../kit/capabilities'
import { clean } from '../../kit/paths'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'
import type { ListName } from './sources'
import FilesView from './views/FilesView.vue'

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

const list = (name: ListName) => ({
  path: `/apps/files/${name}`,
  component: FilesView,
  meta: { places: true },
  props: (to: RouteLocationNormalized) => ({ dir: '/', file: '', list: name, tags: text(to.query.tags).split(',').filter(id => /^\d+$/.test(id)) }),
})

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
      props: to => ({ dir: clean(text(to.query.dir)), file: text(to.params.file), list: '', tags: [] }),
    },
    list('favorites'), list('recent'), list('tags'),
  ],
  places: [
    { id: 'files', label: t('All files'), icon: Folder, rank: 10, to: '/apps/files/files', inside: () => import('./parts/FolderTree.vue') },
    { id: 'favorites', label: t('Favourites'), icon: Star, rank: 20, to: '/apps/files/favorites' },
    { id: 'recent', label: t('Recent'), icon: Clock, rank: 30, to: '/apps/files/recent' },
    { id: 'tags', label: t('Tags'), icon: Tags, rank: 70, to: '/apps/files/tags', needs: caps => capability(caps, 'systemtags', 'enabled') === true },
  ],
  bar: [{ id: 'uploads', rank: 90, component: () => import('./parts/UploadsPiece.vue') }],
  layers: [{ id: 'shared', query: 'shared', component: () => import('./parts/SharedDialog.vue') }],
  foot: [{ id: 'storage', rank: 90, component: () => import('./parts/StorageMeter.vue') }],
  tabs: [{ id: 'properties', label: t('Details'), icon: Info, rank: 90, component: () => import('./parts/PropertiesTab.vue') }],
})
