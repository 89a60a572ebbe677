import { typed } from '../../kit/order'
import type { Selection } from '../../kit/selection'
import type { Entry } from '../../api/dav'

/** What keys do in the list of files. The help shows this table, so it cannot promise what is not there. */
export const shortcuts: readonly { keys: string[]; does: string }[] = [
  { keys: ['↑', '↓', 'Home', 'End', 'Page Up', 'Page Down'], does: 'Go to another file' },
  { keys: ['Shift + ↑', 'Shift + ↓'], does: 'Select further' },
  { keys: ['Space', 'Ctrl + ↑', 'Ctrl + ↓'], does: 'Select one, or go on without selecting' },
  { keys: ['Ctrl + A', 'Esc'], does: 'Select all, or nothing' },
  { keys: ['a … z'], does: 'Go to a name that begins so' },
  { keys: ['Enter'], does: 'Open a folder or file; what cannot be shown is downloaded' },
  { keys: ['Backspace', 'Alt + ↑'], does: 'Go to the folder above' },
  { keys: ['F2'], does: 'Rename' },
  { keys: ['Alt + Enter'], does: 'Show the details of a file' },
  { keys: ['Delete', 'Shift + Delete'], does: 'Put into the trash, or delete for good' },
  { keys: ['Ctrl + Z'], does: 'Take back what was deleted, while a message offers it' },
  { keys: ['Shift + F10'], does: 'Open the menu of a file' },
  { keys: ['/'], does: 'Filter by name' },
  { keys: ['?'], does: 'Show this help' },
]

export interface KeyContext {
  rows(): readonly Entry[]
  selection: Selection<Entry>
  page(): number
  act(id: string): void
  openActive(): void
  up(): void
}

/** Milliseconds within which letters belong to one name. */
const breath = 900

/** Makes what answers the keys of the list. It returns whether the key meant something. */
export function useKeys(context: KeyContext): (event: KeyboardEvent) => boolean {
  let letters = ''
  let last = 0

  function move(event: KeyboardEvent): boolean {
    const { active, go } = context.selection
    const steps: Record<string, number> = {
      ArrowDown: active.value + 1,
      ArrowUp: Math.max(0, active.value - 1),
      Home: 0,
      End: context.rows().length - 1,
      PageDown: active.value + context.page(),
      PageUp: active.value - context.page(),
    }
    const to = steps[event.key]
    if (to === undefined) return false
    if (event.altKey) return event.key === 'ArrowUp' && (context.up(), true)
    go(to, event.shiftKey ? 'range' : event.ctrlKey || event.metaKey ? 'move' : 'only')
    return true
  }

  function command(event: KeyboardEvent): boolean {
    const held = event.ctrlKey || event.metaKey
    if (held && event.key.toLowerCase() === 'a') context.selection.all()
    else if (event.altKey && event.key === 'Enter') context.act('details')
    else if (event.key === ' ' && letters === '') context.selection.go(context.selection.active.value, 'toggle')
    else if (held || event.altKey) return false
    else if (event.key === 'Escape') context.selection.clear()
    else if (event.key === 'Enter') context.openActive()
    else if (event.key === 'Backspace') context.up()
    else if (event.key === 'F2') context.act('rename')
    else if (event.key === 'Delete' && !event.shiftKey) context.act('delete')
    else return false
    return true
  }

  function seek(event: KeyboardEvent): boolean {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || '/?'.includes(event.key)) return false
    const { active, go } = context.selection
    const going = letters !== ''
    letters += event.key
    const at = typed(context.rows(), letters, Math.max(0, active.value + (going ? 0 : 1)))
    if (at >= 0) go(at, 'only')
    return true
  }

  return event => {
    if (event.timeStamp - last > breath) letters = ''
    last = event.timeStamp
    const done = move(event) || command(event)
    if (done) letters = ''
    const meant = done || seek(event)
    if (meant) event.preventDefault()
    return meant
  }
}
