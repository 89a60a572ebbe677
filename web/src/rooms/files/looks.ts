import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import type { Column, Order } from '../../kit/order'
import { following } from '../../ui/painted'

/** How files are shown: in rows, in narrow rows, as tiles, as large pictures. */
export type View = 'list' | 'compact' | 'grid' | 'gallery'
export const views: readonly View[] = ['list', 'compact', 'grid', 'gallery']

const viewsKey = 'atrium.files.views'
const orderKey = 'atrium.files.order'
/** How many folders are remembered to be shown in another way than as a list. */
const remembered = 300

function keptViews(): Map<string, View> {
  try {
    const said: unknown = JSON.parse(localStorage.getItem(viewsKey) ?? '[]')
    const pairs = Array.isArray(said) ? (said as unknown[]).filter(p => Array.isArray(p) && views.includes(p[1] as View)) : []
    return new Map(pairs as [string, View][])
  } catch {
    return new Map()
  }
}

const orderKeyOf = (key: string): string => (key.startsWith('/') ? orderKey : `${orderKey}.${key.split(' ')[0]}`)

function keptOrder(key: string): Order {
  const first = key === 'recent' ? 'modified down' : 'name up'
  const [column, way] = (localStorage.getItem(orderKeyOf(key)) ?? first).split(' ')
  return { column: column === 'size' || column === 'modified' ? column : 'name', down: way === 'down' }
}

/** How the list of a key is shown and sorted, and in drawn, what of it can be drawn by now. A view is remembered for each folder on this device, the order for all folders together. */
export function useLook(key: Readonly<Ref<string>>) {
  const kept = ref(keptViews())
  const order = shallowRef(keptOrder(key.value))
  const view = computed(() => kept.value.get(key.value) ?? 'list')
  watch(key, key => {
    const now = keptOrder(key)
    if (now.column !== order.value.column || now.down !== order.value.down) order.value = now
  })

  function show(wanted: View): void {
    kept.value.delete(key.value)
    if (wanted !== 'list') kept.value.set(key.value, wanted)
    localStorage.setItem(viewsKey, JSON.stringify([...kept.value].slice(-remembered)))
  }

  function sort(column: Column): void {
    const down = order.value.column === column ? !order.value.down : column !== 'name'
    order.value = { column, down }
    localStorage.setItem(orderKeyOf(key.value), `${column} ${down ? 'down' : 'up'}`)
  }

  /** Goes on to the next way of showing. */
  const turn = (): void => show(views[(views.indexOf(view.value) + 1) % views.length] ?? 'list')

  return { view, order, show, turn, sort, drawn: { view: following(view, () => key.value), order: following(order, () => key.value) } }
}
