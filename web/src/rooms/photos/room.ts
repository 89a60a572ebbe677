import { Images } from '@lucide/vue'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** Photos and films by the time they were taken, wherever they lie, and the albums that gather them. */
export default defineRoom({
  id: 'photos',
  routes: [
    { path: '/apps/photos', component: () => import('./views/PhotosView.vue'), meta: { places: true } },
    { path: '/apps/photos/albums', component: () => import('./views/AlbumsView.vue'), meta: { places: true } },
    { path: '/apps/photos/albums/:album', component: () => import('./views/PhotosView.vue'), props: true, meta: { places: true } },
  ],
  places: [{ id: 'photos', label: t('Photos'), icon: Images, rank: 35, to: '/apps/photos' }],
})
