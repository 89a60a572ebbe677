import { Images } from '@lucide/vue'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'

/** Photos and films by the time they were taken, wherever they lie, and the albums that gather them. */
export default defineRoom({
  id: 'photos',
  routes: [
    { // one below the other, so that the place stands out on the pages of albums too
      path: '/apps/photos', meta: { places: true }, children: [
        { path: '', component: () => import('./views/PhotosView.vue') },
        { path: 'albums', component: () => import('./views/AlbumsView.vue') },
        { path: 'albums/:album', component: () => import('./views/PhotosView.vue'), props: true },
      ],
    },
  ],
  places: [{ id: 'photos', label: t('Photos'), icon: Images, rank: 35, to: '/apps/photos' }],
})
