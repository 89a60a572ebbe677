import { ref, type Ref } from 'vue'
import { NotConfirmed, confirmed } from '../../kit/confirm'
import { reason } from '../../kit/notices'

/** Does one thing at a time and keeps why it went wrong. run tells whether it was done. */
export function useTask(): { busy: Ref<boolean>; why: Ref<string>; run(act: () => Promise<unknown>): Promise<boolean> } {
  const busy = ref(false)
  const why = ref('')

  async function run(act: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    why.value = ''
    try {
      await confirmed(act)
      return true
    } catch (error) {
      if (!(error instanceof NotConfirmed)) why.value = reason(error)
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, why, run }
}
