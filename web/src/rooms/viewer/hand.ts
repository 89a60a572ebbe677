import type { Ref } from 'vue'
import type { Point } from './zoom'

/** What a hand does with a picture: all points count from the middle of the room. */
export interface Handled {
  zoom(factor: number, at: Point): void
  pan(x: number, y: number): void
  twice(at: Point): void
  /** Whether it is larger than its room, so that dragging moves it. */
  isLarge(): boolean
  /** To the next or the one before. */
  swipe(by: number): void
}

/** How far a finger goes before it is a swipe, in pixels. */
const far = 60

/** Listeners for the wheel, for dragging, for two fingers, and for swiping. */
export function useHand(box: Readonly<Ref<HTMLElement | null>>, does: Handled) {
  const fingers = new Map<number, Point>()
  let began: Point | undefined

  function from(event: MouseEvent): Point {
    const { left, top, width, height } = box.value?.getBoundingClientRect() ?? new DOMRect()
    return { x: event.clientX - left - width / 2, y: event.clientY - top - height / 2 }
  }

  function down(event: PointerEvent): void {
    if (event.button !== 0) return
    box.value?.setPointerCapture(event.pointerId)
    fingers.set(event.pointerId, from(event))
    began = fingers.size === 1 && event.pointerType !== 'mouse' && !does.isLarge() ? from(event) : undefined
  }

  function move(event: PointerEvent): void {
    const was = fingers.get(event.pointerId)
    if (!was) return
    const now = from(event)
    fingers.set(event.pointerId, now)
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1]
    if (other) pinch(was, now, other)
    else if (does.isLarge()) does.pan(now.x - was.x, now.y - was.y)
  }

  function pinch(was: Point, now: Point, other: Point): void {
    const before = Math.hypot(was.x - other.x, was.y - other.y)
    if (before > 0) does.zoom(Math.hypot(now.x - other.x, now.y - other.y) / before, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 })
    does.pan((now.x - was.x) / 2, (now.y - was.y) / 2)
  }

  function up(event: PointerEvent): void {
    if (!fingers.delete(event.pointerId) || !began) return
    const to = from(event)
    const [x, y] = [to.x - began.x, to.y - began.y]
    began = undefined
    const rtl = box.value !== null && getComputedStyle(box.value).direction === 'rtl'
    if (Math.abs(x) > far && Math.abs(x) > 2 * Math.abs(y)) does.swipe(x < 0 !== rtl ? 1 : -1)
  }

  return {
    pointerdown: down,
    pointermove: move,
    pointerup: up,
    pointercancel: up,
    wheel(event: WheelEvent): void {
      event.preventDefault()
      does.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.002)), from(event))
    },
    dblclick: (event: MouseEvent): void => does.twice(from(event)),
  }
}
