import { ref, type Ref } from 'vue'
import { complain } from './notices'
import { t } from './words'

/** Copies a text, and tells whether that has been done. */
export function useCopied(text: () => string): { copied: Ref<boolean>; copy(): Promise<void> } {
  const copied = ref(false)
  return {
    copied,
    async copy() {
      try {
        await navigator.clipboard.writeText(text())
        copied.value = true
      } catch (error) {
        complain(t('It was not copied. Please select it and copy it yourself.'), error)
      }
    },
  }
}
