import { computed, onScopeDispose, shallowRef } from 'vue'
import type { Command } from './room'

const offers = shallowRef<readonly (() => readonly Command[])[]>([])

/** What the pages that are shown offer in the palette of commands, such as actions for what is selected. */
export const offered = computed(() => offers.value.flatMap(offer => offer()))

/** Offers commands in the palette for as long as the component lives. */
export function useOffered(commands: () => readonly Command[]): void {
  offers.value = [...offers.value, commands]
  onScopeDispose(() => (offers.value = offers.value.filter(other => other !== commands)))
}

const plain = (s: string): string => s.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/**
 * How well what was typed names a thing: the letters must come in it in their order. Beginnings of words and letters
 * side by side count more; 0 is not at all. '' fits everything alike.
 */
export function likeness(typed: string, label: string): number {
  const [want, text] = [plain(typed).replace(/\s+/g, ''), plain(label)]
  if (want === '') return 1
  let best = 0
  for (let start = text.indexOf(want[0] ?? ''); start >= 0; start = text.indexOf(want[0] ?? '', start + 1)) best = Math.max(best, from(want, text, start))
  return best
}

function from(want: string, text: string, start: number): number {
  let score = 0
  let at = start - 1
  for (const letter of want) {
    const next = text.indexOf(letter, at + 1)
    if (next < 0) return 0
    const begins = next === 0 || !/[\p{L}\p{N}]/u.test(text[next - 1] ?? '')
    score += begins ? 4 : next === at + 1 ? 3 : 1
    at = next
  }
  return score / (want.length * 4) + 1 / (100 + text.length)
}
