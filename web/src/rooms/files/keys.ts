import { held, lettersOn } from '../../kit/keys'
import { typed } from '../../kit/order'
import type { Selection } from '../../kit/selection'
import { t } from '../../kit/words'
import type { Entry } from '../../api/dav'

export interface Shortcut {
  keys: string[]
  does: string
  /** Whether it is a single letter, which can be switched off. */
  letter?: boolean
}

/** What keys do in a list of files. The help shows this table, so it cannot promise what is not there. */
export const shortcuts = (): Shortcut[] => [
  { keys: ['↑', '↓', '←', '→', 'Home', 'End', 'Page Up', 'Page Down'], does: t('Go to another file') },
  { keys: ['Shift + ↑', 'Shift + ↓', 'Shift + ←', 'Shift + →'], does: t('Select further') },
  { keys: ['Space', 'Ctrl + ↑', 'Ctrl + ↓'], does: t('Select one, or go on without selecting') },
  { keys: ['Ctrl + A', 'Esc'], does: t('Select all, or nothing') },
  { keys: ['a … z'], does: lettersOn.value ? t('Go to a name that begins so; letters with a meaning of their own with Shift') : t('Go to a name that begins so') },
  { keys: ['Enter'], does: t('Open a folder or file; what cannot be shown is downloaded') },
  { keys: ['Backspace', 'Alt + ↑'], does: t('Go to the folder above') },
  { keys: ['F2'], does: t('Rename') },
  { keys: ['Delete', 'Shift + Delete'], does: t('Put into the trash, or delete for good') },
  { keys: ['Ctrl + C', 'Ctrl + X', 'Ctrl + V'], does: t('Copy, cut, paste files') },
  { keys: ['Ctrl + Z'], does: t('Take back what was deleted, moved or renamed, while a message offers it') },
  { keys: ['Alt + Enter'], does: t('Show or hide the details of a file') },
  { keys: ['d'], does: t('Show or hide the details of a file'), letter: true },
  { keys: ['s', 'f'], does: t('Make a favourite, or none any more'), letter: true },
  { keys: ['v'], does: t('Show as list, compact list, grid or gallery'), letter: true },
  { keys: ['n', 'Shift + N', 'Shift + F'], does: t('New file, new folder'), letter: true },
  { keys: ['u'], does: t('Upload files'), letter: true },
  { keys: ['.'], does: t('Open the menu of a file'), letter: true },
  { keys: ['Shift + F10'], does: t('Open the menu of a file') },
  { keys: ['/', 'Ctrl + F'], does: t('Search'), letter: true },
  { keys: ['Ctrl + K'], does: t('Open the palette of commands') },
  { keys: ['?'], does: t('Show this help'), letter: true },
]

/** What a single letter does wherever the focus is in the files, '' for nothing. */
export function letterOf(event: KeyboardEvent): string {
  if (!lettersOn.value || held(event) || event.altKey) return ''
  const names: Record<string, string> = {
    d: 'details', s: 'favourite', f: 'favourite', v: 'view', n: 'new-file', N: 'new-folder', F: 'new-folder', u: 'upload', '.': 'menu', '/': 'filter', '?': 'help',
  }
  return names[event.key] ?? ''
}

export interface KeyContext {
  rows(): readonly Entry[]
  selection: Selection<Entry>
  /** How many rows a page has, and how many files stand in a row. */
  page(): number
  columns(): number
  /** Whether what follows stands to the left. */
  leftward(): boolean
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
    const across = context.columns()
    const on = context.leftward() ? -1 : 1
    const steps: Record<string, number> = {
      ArrowDown: active.value < 0 ? 0 : active.value + across,
      ArrowUp: active.value - across < 0 ? Math.max(0, active.value) % across : active.value - across,
      Home: 0,
      End: context.rows().length - 1,
      PageDown: active.value + context.page() * across,
      PageUp: active.value - context.page() * across,
      ...(across > 1 ? { ArrowRight: active.value + on, ArrowLeft: active.value - on } : {}),
    }
    const to = steps[event.key]
    if (to === undefined) return false
    if (event.altKey) return event.key === 'ArrowUp' && (context.up(), true)
    go(to, event.shiftKey ? 'range' : held(event) ? 'move' : 'only')
    return true
  }

  function command(event: KeyboardEvent): boolean {
    if (held(event) && event.key.toLowerCase() === 'a') context.selection.all()
    else if (event.altKey && event.key === 'Enter') context.act('details')
    else if (event.key === ' ' && letters === '') context.selection.go(context.selection.active.value, 'toggle')
    else if (held(event) || event.altKey) return false
    else if (event.key === 'Escape') context.selection.clear()
    else if (event.key === 'Enter') context.openActive()
    else if (event.key === 'Backspace') context.up()
    else if (event.key === 'F2') context.act('rename')
    else if (event.key === 'Delete' && !event.shiftKey) context.act('delete')
    else return false
    return true
  }

  /** Letters go on with a name that was begun; at its beginning some of them are commands. */
  function seek(event: KeyboardEvent): boolean {
    if (event.key.length !== 1 || held(event) || event.altKey || '/?'.includes(event.key)) return false
    if (letters === '' && letterOf(event) !== '') return false
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
