import { ref, watch } from 'vue'

const kept = 'atrium.letters'

/** Whether keys that are one letter do something by themselves; Ctrl and other keys always do. It is kept on this device. */
export const lettersOn = ref(localStorage.getItem(kept) !== 'off')

watch(lettersOn, on => localStorage.setItem(kept, on ? 'on' : 'off'))

/** Whether Ctrl is held, or what stands for it on a Mac. */
export const held = (event: KeyboardEvent | MouseEvent): boolean => event.ctrlKey || event.metaKey

/** Whether what is typed goes into a field, a dialog or a menu, so that keys mean nothing else there. */
export const busyKeys = (event: KeyboardEvent): boolean =>
  event.defaultPrevented || (event.target instanceof Element && event.target.closest('input:not([type=checkbox]), textarea, select, [contenteditable=true], dialog, [role=menu]') !== null)
