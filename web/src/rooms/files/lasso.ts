import { onScopeDispose, ref, type Ref } from 'vue'

/** A part of the content of a list, in its own pixels. */
export interface Area {
  left: number
  top: number
  right: number
  bottom: number
}

/** How far the pointer goes before a press becomes a lasso, in pixels. */
const slack = 6
/** How near the edge it scrolls on, and how far in each frame. */
const [edge, pace] = [36, 14]

/** Selects by drawing a frame around files. within tells what an area touches; take gets it while the frame grows. */
export function useLasso(box: () => HTMLElement | null | undefined, take: (area: Area, add: boolean) => void): { area: Ref<Area | undefined>; start(event: PointerEvent): void; drawn(): boolean } {
  const area = ref<Area>()
  let from = { x: 0, y: 0 }
  let at = { x: 0, y: 0 }
  let add = false
  let just = false
  let frame = 0

  const inside = (point: { x: number; y: number }): { x: number; y: number } => {
    const { left, top } = box()?.getBoundingClientRect() ?? { left: 0, top: 0 }
    return { x: point.x - left - (box()?.clientLeft ?? 0), y: point.y - top + (box()?.scrollTop ?? 0) }
  }

  function start(event: PointerEvent): void {
    const on = event.target instanceof Element ? event.target : undefined
    if (event.button !== 0 || event.pointerType === 'touch' || on?.closest('a, button, input, label, [draggable=true]')) return
    const { left = 0, top = 0 } = box()?.getBoundingClientRect() ?? {}
    const across = event.clientX - left - (box()?.clientLeft ?? 0) // a scroll bar on the left counts as border
    if (across < 0 || across > (box()?.clientWidth ?? 0) || event.clientY - top > (box()?.clientHeight ?? 0)) return // the scroll bar
    at = { x: event.clientX, y: event.clientY }
    from = inside(at)
    add = event.ctrlKey || event.metaKey || event.shiftKey
    document.addEventListener('pointermove', move)
    document.addEventListener('pointerup', end)
    document.addEventListener('pointercancel', end)
  }

  function move(event: PointerEvent): void {
    at = { x: event.clientX, y: event.clientY }
    const to = inside(at)
    if (!area.value && Math.hypot(to.x - from.x, to.y - from.y) < slack) return
    if (!area.value) frame = requestAnimationFrame(roll)
    draw()
  }

  function draw(): void {
    const to = inside(at)
    area.value = { left: Math.max(0, Math.min(from.x, to.x)), right: Math.max(from.x, to.x), top: Math.max(0, Math.min(from.y, to.y)), bottom: Math.max(from.y, to.y) }
    take(area.value, add)
  }

  /** Scrolls on while the pointer is at the upper or lower edge. */
  function roll(): void {
    const list = box()
    if (!list || !area.value) return
    const { top, bottom } = list.getBoundingClientRect()
    const by = at.y < top + edge ? -pace : at.y > bottom - edge ? pace : 0
    if (by !== 0) {
      list.scrollTop += by
      draw()
    }
    frame = requestAnimationFrame(roll)
  }

  function end(): void {
    document.removeEventListener('pointermove', move)
    document.removeEventListener('pointerup', end)
    document.removeEventListener('pointercancel', end)
    cancelAnimationFrame(frame)
    just = area.value !== undefined
    area.value = undefined
    setTimeout(() => (just = false)) // after the click that ends it
  }
  onScopeDispose(end)

  return { area, start, drawn: () => just }
}
