import { computed } from 'vue'
import { look } from './look'

/** Whether keys that are one letter do something by themselves, as the person has chosen; Ctrl and other keys always do. */
export const lettersOn = computed(() => look.letters === 'on')

/** Whether Ctrl is held, or what stands for it on a Mac. */
export const held = (event: KeyboardEvent | MouseEvent): boolean => event.ctrlKey || event.metaKey

/** Whether what is typed goes into a field, a dialog or a menu, so that keys mean nothing else there. */
export const busyKeys = (event: KeyboardEvent): boolean =>
  event.defaultPrevented || (event.target instanceof Element && event.target.closest('input:not([type=checkbox]), textarea, select, [contenteditable=true], dialog, [role=menu]') !== null)

/** Whether the page is written from right to left. */
export const leftward = (): boolean => document.documentElement.dir === 'rtl'

/** Which way an arrow key leads in what is read in lines: 1 to what comes after, -1 to what was before, undefined for other keys. */
export const onward = (key: string): 1 | -1 | undefined => (key === 'ArrowRight' ? (leftward() ? -1 : 1) : key === 'ArrowLeft' ? (leftward() ? 1 : -1) : undefined)
