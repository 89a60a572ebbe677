import { ref, shallowRef } from 'vue'
import type { Entry } from '../../api/dav'
import { held } from '../../kit/keys'
import { t } from '../../kit/words'
import { bring, fits } from './moves'

/** What is being dragged, on this page alone. */
const carried = shallowRef<readonly Entry[]>([])

/** Begins to drag files: onto folders of this page, or out of the window, where browsers let the first of them be saved. */
export function carry(event: DragEvent, entries: readonly Entry[], addressOf: (entry: Entry) => string): void {
  const data = event.dataTransfer
  const first = entries[0]
  if (!data || !first) return
  carried.value = entries
  data.effectAllowed = 'copyMove'
  data.setData('text/plain', entries.map(e => e.name).join('\n'))
  const file = entries.find(e => !e.folder)
  if (file) data.setData('DownloadURL', `${file.mime || 'application/octet-stream'}:${file.name.replaceAll(':', '_')}:${location.origin}${addressOf(file)}`)
  const badge = document.createElement('div')
  badge.className = 'drag-badge'
  badge.textContent = entries.length === 1 ? first.name : t('{n, plural, one {# item} other {# items}}', { n: entries.length })
  document.body.append(badge)
  data.setDragImage(badge, -12, -12)
  setTimeout(() => badge.remove())
}

/** Ends dragging, wherever it led to. */
export const put = (): void => void (carried.value = [])

/** A place files can be dropped onto: a folder, '' for none. Bind on to its element, and over shows that it would take them. */
export function useDrop(into: () => string) {
  const over = ref(false)
  const how = (event: DragEvent): 'copy' | 'move' => (held(event) ? 'copy' : 'move')
  const takes = (event: DragEvent): boolean => into() !== '' && fits(carried.value, into(), how(event))

  function hover(event: DragEvent): void {
    if (!takes(event)) return
    event.preventDefault()
    if (event.dataTransfer) event.dataTransfer.dropEffect = how(event)
    over.value = true
  }

  function leave(event: DragEvent): void {
    const [to, at] = [event.relatedTarget, event.currentTarget]
    if (!(to instanceof Node && at instanceof Node && at.contains(to))) over.value = false
  }

  function drop(event: DragEvent): void {
    over.value = false
    if (!takes(event)) return
    event.preventDefault()
    const entries = carried.value
    put()
    void bring(entries, into(), how(event))
  }

  return { over, on: { dragenter: hover, dragover: hover, dragleave: leave, drop } }
}
