import { computed, ref } from 'vue'
import { NotConfirmed, confirmed } from '../../kit/confirm'
import { reason } from '../../kit/notices'
import { type Predefined, type State, type Status, type Until, clearMessage, endOf, predefined, setMessage, setPredefined, setState, status } from '../../api/status'

/** How long a message may stay. */
export const spans: readonly { id: string; label: string; until: Until | null }[] = [
  { id: 'never', label: 'Until you clear it', until: null },
  { id: 'half', label: '30 minutes', until: { type: 'period', time: 1800 } },
  { id: 'hour', label: '1 hour', until: { type: 'period', time: 3600 } },
  { id: 'four', label: '4 hours', until: { type: 'period', time: 14_400 } },
  { id: 'day', label: 'Today', until: { type: 'end-of', time: 'day' } },
  { id: 'week', label: 'This week', until: { type: 'end-of', time: 'week' } },
]

/** For how long a suggested message stays, in words. */
export function spanWords(until: Until | null): string {
  if (until === null) return ''
  if (until.type === 'end-of') return until.time === 'day' ? 'today' : 'this week'
  return until.time % 3600 === 0 ? `${until.time / 3600} h` : `${Math.round(until.time / 60)} min`
}

/** When a message goes, in words. */
export function clearWords(at: number, now = new Date()): string {
  const end = new Date(at * 1000)
  const time = end.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return end.toDateString() === now.toDateString() ? `until ${time}` : `until ${end.toLocaleDateString([], { weekday: 'short', day: 'numeric', month: 'short' })}, ${time}`
}

/** The server speaks of characters where people think of emoji. */
const words = (error: unknown): string => (reason(error).startsWith('Status-Icon') ? 'Please choose a single emoji.' : reason(error))

/** One's own status. Every change is shown at once, and undone if the server refuses it. */
export function useStatus() {
  const now = ref<Status>()
  const offers = ref<Predefined[]>([])
  const why = ref('')
  const saved = ref<'' | 'saving' | 'saved'>('')
  const none: Status = { status: 'offline', message: null, icon: null, clearAt: null, messageId: null }
  const shown = computed(() => now.value ?? none)

  async function load(): Promise<void> {
    try {
      const [mine, list] = await Promise.all([status(), predefined()])
      now.value = mine
      offers.value = list
    } catch (error) {
      why.value = `Your status cannot be shown. ${reason(error)}`
    }
  }

  async function change(next: Partial<Status>, act: () => Promise<unknown>): Promise<boolean> {
    const before = now.value
    now.value = { ...shown.value, ...next }
    saved.value = 'saving'
    why.value = ''
    try {
      await confirmed(act)
      now.value = (await status().catch(() => now.value)) ?? now.value
      saved.value = 'saved'
      return true
    } catch (error) {
      now.value = before
      saved.value = ''
      why.value = error instanceof NotConfirmed ? 'Your status is as it was.' : `Your status is as it was. ${words(error)}`
      return false
    }
  }

  return {
    shown, offers, why, saved, load,
    say: (state: State) => change({ status: state }, () => setState(state)),
    write: (icon: string, message: string, until: Until | null) => {
      const clearAt = endOf(until)
      return change({ icon: icon || null, message: message || null, clearAt, messageId: null }, () => setMessage(icon || null, message, clearAt))
    },
    offer: (p: Predefined) => {
      const clearAt = endOf(p.clearAt)
      return change({ icon: p.icon, message: p.message, clearAt, messageId: p.id }, () => setPredefined(p.id, clearAt))
    },
    clear: () => change({ icon: null, message: null, clearAt: null, messageId: null }, clearMessage),
  }
}
