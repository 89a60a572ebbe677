import { computed, nextTick, ref, type ShallowRef } from 'vue'
import type { Entry } from '../../api/dav'
import { held, leftward } from '../../kit/keys'
import type { Selection } from '../../kit/selection'
import { carry } from './dragging'
import { type Area, useLasso } from './lasso'

/** What the lists of files need of the virtual list they are made of. */
export interface ListHandle {
  reveal(index: number): void
  page(): number
  focus(): void
  scrolled(): number
  scrollTo(to: number): void
  element(): HTMLElement | null
}

/** What a list of files, whatever it looks like, offers to what shows it. */
export interface FilesHandle extends ListHandle {
  columns(): number
  menu(): void
}

export interface Pointed {
  rows(): readonly Entry[]
  selection: Selection<Entry>
  list: Readonly<ShallowRef<ListHandle | null>>
  /** In which line of the virtual list a file stands. */
  lineOf(index: number): number
  /** What an area of the content touches. */
  within(area: Area): Iterable<number>
  addressOf(entry: Entry): string
  open(entry: Entry): void
  menu(at: { x: number; y: number }): void
  key(event: KeyboardEvent): void
}

/** Milliseconds a finger rests before it selects. */
const rest = 450

/** How mouse, finger and keys work on a list of files, in rows or tiles. */
export function usePointing({ rows, selection, list, lineOf, within, addressOf, open, menu: openMenu, key: onKey }: Pointed) {
  const keyboard = ref(false)
  let touch = false
  let resting: ReturnType<typeof setTimeout> | undefined
  let rested = false
  let before = new Set<string>()

  const lasso = useLasso(() => list.value?.element(), (area, add) => {
    const ids = new Set(add ? before : [])
    for (const index of within(area)) {
      const id = rows()[index]?.id
      if (id !== undefined) ids.add(id)
    }
    selection.hold(ids)
  })

  function down(event: PointerEvent): void {
    touch = event.pointerType === 'touch'
    before = new Set(selection.chosen.value.map(e => e.id))
    lasso.start(event)
    rested = false
    const file = touch && event.target instanceof Element ? event.target.closest('[id^=row-]') : null
    if (file) hold(rows().findIndex(e => `row-${e.id}` === file.id))
  }

  /** A finger that stays on a file selects it. */
  function hold(index: number): void {
    clearTimeout(resting)
    resting = setTimeout(() => {
      rested = true
      selection.go(index, 'toggle')
    }, rest)
  }
  const release = (): void => clearTimeout(resting)

  function press(index: number, entry: Entry, event: MouseEvent): void {
    keyboard.value = false
    release()
    list.value?.focus()
    if (lasso.drawn() || rested) return void (rested = false)
    if (event.shiftKey) selection.go(index, 'range')
    else if (held(event) || (touch && selection.chosen.value.length > 0)) selection.go(index, 'toggle')
    else if (touch) open(entry)
    else selection.go(index, 'only')
  }

  function toggle(index: number): void {
    selection.go(index, 'toggle')
    list.value?.focus()
  }

  function menu(index: number, entry: Entry, event: MouseEvent): void {
    if (touch && event.type === 'contextmenu') return // a finger that rests selects
    if (!selection.has(entry)) selection.go(index, 'only')
    list.value?.focus()
    openMenu({ x: event.clientX, y: event.clientY })
  }

  /** The menu of the active file, which has not the focus itself. */
  function menuByKey(): void {
    const entry = rows()[selection.active.value]
    const row = entry && document.getElementById(`row-${entry.id}`)
    if (!entry || !row) return
    if (!selection.has(entry)) selection.go(selection.active.value, 'only')
    const { left, right, bottom } = row.getBoundingClientRect()
    openMenu({ x: leftward() ? right - 48 : left + 48, y: bottom })
  }

  async function key(event: KeyboardEvent): Promise<void> {
    keyboard.value = true
    if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      event.preventDefault()
      menuByKey()
      return
    }
    const active = selection.active.value
    onKey(event)
    await nextTick()
    if (selection.active.value !== active) list.value?.reveal(lineOf(selection.active.value))
  }

  function drag(index: number, entry: Entry, event: DragEvent): void {
    if (lasso.area.value) return event.preventDefault() // what the frame has just selected could be dragged already
    if (!selection.has(entry)) selection.go(index, 'only')
    carry(event, selection.chosen.value, addressOf)
  }

  /** A click beside the files selects nothing. */
  function beside(event: MouseEvent): void {
    if (!lasso.drawn() && event.target instanceof Element && !event.target.closest('[id^=row-]')) selection.clear()
  }

  function focused(): void {
    if (selection.active.value < 0) selection.go(0, 'move')
  }

  const handle: FilesHandle = {
    reveal: index => list.value?.reveal(lineOf(index)),
    page: () => list.value?.page() ?? 1,
    focus: () => list.value?.focus(),
    scrolled: () => list.value?.scrolled() ?? 0,
    scrollTo: to => list.value?.scrollTo(to),
    element: () => list.value?.element() ?? null,
    columns: () => 1,
    menu: menuByKey,
  }
  const frame = computed(() => {
    const { left, top, right, bottom } = lasso.area.value ?? { left: 0, top: 0, right: 0, bottom: 0 }
    return lasso.area.value && { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` }
  })
  const activeId = computed(() => {
    const entry = rows()[selection.active.value]
    return entry && `row-${entry.id}`
  })

  return { keyboard, down, release, press, toggle, menu, key, drag, beside, focused, handle, frame, activeId }
}
