import { type Ref, computed, nextTick } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** Which of several ways in a page shows, as the address has it: '' for the list, 'new' for one to be made. */
export function useOpened(): { opened: Ref<string>; show(id: string | number): Promise<void> } {
  const route = useRoute()
  const router = useRouter()
  return {
    opened: computed(() => (typeof route.query.of === 'string' ? route.query.of : '')),
    async show(id) {
      const from = route.query.of
      await router.push({ path: route.path, query: id === '' ? {} : { of: String(id) } })
      await nextTick()
      if (id === '') document.getElementById(`way-${String(from)}`)?.focus() // where somebody was before
    },
  }
}
