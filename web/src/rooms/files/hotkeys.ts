import { onBeforeUnmount, onMounted } from 'vue'
import type { Entry } from '../../api/dav'
import { busyKeys, held } from '../../kit/keys'
import { undo } from '../../kit/notices'
import { letterOf } from './keys'
import { type How, clipboard, hold } from './moves'

/** Under what the clipboard of the system knows our files again. */
const kind = 'application/x-atrium-files'

export interface Hot {
  chosen(): readonly Entry[]
  /** Does what a key means, by its name. */
  act(name: string): void
  erase(): void
  up(): void
  paste(): void
}

/** Keys that work wherever the focus is in the files, but in fields and dialogs; and copying, cutting and pasting. */
export function useHotkeys(hot: Hot): void {
  function key(event: KeyboardEvent): void {
    if (busyKeys(event)) return
    const letter = letterOf(event)
    if (held(event) && event.key.toLowerCase() === 'z' && undo()) return event.preventDefault()
    if (held(event)) return
    if (event.key === 'Delete' && event.shiftKey) hot.erase()
    else if (event.key === (event.altKey ? 'ArrowUp' : 'Backspace')) hot.up()
    else if (letter !== '') hot.act(letter)
    else return
    event.preventDefault()
  }

  function take(how: How, event: ClipboardEvent): void {
    const chosen = hot.chosen()
    const at = event.target
    if (chosen.length === 0 || !getSelection()?.isCollapsed || (at instanceof Element && at.closest('input:not([type=checkbox]), textarea, dialog'))) return
    event.preventDefault()
    event.clipboardData?.setData(kind, hold(chosen, how))
    event.clipboardData?.setData('text/plain', chosen.map(e => e.name).join('\n'))
  }
  const copy = (event: ClipboardEvent): void => take('copy', event)
  const cut = (event: ClipboardEvent): void => take('move', event)

  function paste(event: ClipboardEvent): void {
    const at = event.target
    if (at instanceof Element && at.closest('input:not([type=checkbox]), textarea, dialog')) return
    if (!clipboard.value || event.clipboardData?.getData(kind) !== clipboard.value.token) return
    event.preventDefault()
    hot.paste()
  }

  onMounted(() => {
    document.addEventListener('keydown', key)
    document.addEventListener('copy', copy)
    document.addEventListener('cut', cut)
    document.addEventListener('paste', paste)
  })
  onBeforeUnmount(() => {
    document.removeEventListener('keydown', key)
    document.removeEventListener('copy', copy)
    document.removeEventListener('cut', cut)
    document.removeEventListener('paste', paste)
  })
}
