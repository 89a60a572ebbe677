import { Search } from '@lucide/vue'
import { clean } from '../../kit/paths'
import { defineRoom } from '../../kit/room'
import { t } from '../../kit/words'
import { showing } from './showing'

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Finds files by name and content. */
export default defineRoom({
  id: 'search',
  routes: [{
    path: '/apps/files/search',
    name: 'search',
    component: () => import('./views/ResultsView.vue'),
    meta: { places: true },
    props: ({ query }) => ({
      wanted: { term: text(query.q), type: text(query.type), days: text(query.days), person: text(query.person), tag: text(query.tag), folder: query.folder ? clean(text(query.folder)) : '' },
    }),
  }],
  bar: [{ id: 'search', rank: 1, component: () => import('./parts/SearchPiece.vue') }],
  commands: [{ id: 'search', label: t('Search'), icon: Search, key: '/', run: () => void (showing.value = true) }],
})
