import { onScopeDispose, ref, type Ref } from 'vue'

/** Whether a media query holds, as it changes. */
export function useMedia(query: string): Readonly<Ref<boolean>> {
  const media = matchMedia(query)
  const holds = ref(media.matches)
  const changed = (): void => void (holds.value = media.matches)
  media.addEventListener('change', changed)
  onScopeDispose(() => media.removeEventListener('change', changed))
  return holds
}

/** Whether there is room for a column beside the main one. */
export const useWide = (): Readonly<Ref<boolean>> => useMedia('(min-width: 64rem)')

/** Whether there is little room from side to side. */
export const useNarrow = (): Readonly<Ref<boolean>> => useMedia('(max-width: 44rem)')
