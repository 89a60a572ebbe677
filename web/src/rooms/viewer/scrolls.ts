/** Has the keys that scroll do so where the focus is not, and tells whether it was one of them. */
export function scrolls(box: HTMLElement | null, event: KeyboardEvent): boolean {
  if (!box || box.contains(document.activeElement)) return false
  const page = box.clientHeight * 0.9
  const by = { ArrowDown: 48, ArrowUp: -48, PageDown: page, PageUp: -page, ' ': event.shiftKey ? -page : page, Home: -Infinity, End: Infinity }[event.key]
  if (by === undefined) return false
  box.scrollTop = Math.min(box.scrollHeight, Math.max(0, box.scrollTop + by))
  return true
}
