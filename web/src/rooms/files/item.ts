import { computed } from 'vue'
import type { Entry } from '../../api/dav'
import { split } from '../../kit/paths'
import { useDrop } from './dragging'
import { clipboard } from './moves'

/** What a file or folder is to the list it stands in, whatever it looks like there. */
export function useItem(entry: () => Entry, open: () => void) {
  const name = computed(() => (entry().folder ? { stem: entry().name, extension: '' } : split(entry().name)))
  /** Whether it was cut, and waits to be pasted. */
  const cut = computed(() => clipboard.value?.how === 'move' && clipboard.value.entries.some(e => e.id === entry().id))
  const drop = useDrop(() => (entry().folder && entry().mayCreate ? entry().path : ''))

  /** The name opens, once; with a key held it selects, like all around it. */
  function pressName(event: MouseEvent): void {
    event.preventDefault()
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.stopPropagation()
    if (event.detail < 2) open()
  }

  return { name, cut, pressName, ...drop }
}

/** What the parts of a list tell it. */
export interface ItemEvents {
  press: [event: MouseEvent]
  toggle: []
  open: []
  menu: [event: MouseEvent]
  rename: [name: string]
  star: []
  carry: [event: DragEvent]
}
