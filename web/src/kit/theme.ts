import { computed, type ComputedRef } from 'vue'
import { choices, look, setLook, type Value } from './look'
import { complain } from './notices'
import { t } from './words'

export type Theme = Value<'theme'>

/** The theme that was chosen, and the way to the next one. */
export function useTheme(): { theme: ComputedRef<Theme>; next: () => void } {
  const all = choices.theme
  return {
    theme: computed(() => look.theme),
    next: () => {
      setLook('theme', all[(all.indexOf(look.theme) + 1) % all.length] ?? 'auto')
        .catch((error: unknown) => complain(t('Your other browsers will not follow.'), error))
    },
  }
}
