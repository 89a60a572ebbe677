import { ref, type Ref } from 'vue'
import { NotConfirmed, confirmed } from './confirm'
import { complain, reason } from './notices'

export interface Task {
  busy: Ref<boolean>
  /** Why the last thing run went wrong; '' if it did not. */
  why: Ref<string>
  /** Does something and keeps why it went wrong. Tells whether it was done. */
  run(act: () => Promise<unknown>): Promise<boolean>
  /** Does something and tells the person if it went wrong: what was not done, and why. Tells whether it was done. */
  attempt(what: string, act: () => Promise<unknown>): Promise<boolean>
}

/** Does one thing at a time; where the server wants the password again, it is asked for. Who gives that up knows it, and is told nothing. */
export function useTask(): Task {
  const busy = ref(false)
  const why = ref('')

  async function once(act: () => Promise<unknown>, failed: (error: unknown) => void): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    why.value = ''
    try {
      await confirmed(act)
      return true
    } catch (error) {
      if (!(error instanceof NotConfirmed)) failed(error)
      return false
    } finally {
      busy.value = false
    }
  }

  return {
    busy, why,
    run: act => once(act, error => (why.value = reason(error))),
    attempt: (what, act) => once(act, error => complain(what, error)),
  }
}
