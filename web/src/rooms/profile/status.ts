import { computed, ref } from 'vue'
import { NotConfirmed, confirmed } from '../../kit/confirm'
import { lasting } from '../../kit/format'
import { reason } from '../../kit/notices'
import { type Predefined, type State, type Status, type Until, clearMessage, endOf, predefined, setMessage, setPredefined, setState, status } from '../../api/status'
import { locale, t } from '../../kit/words'

/** How long a message may stay. */
export const spans: readonly { id: string; label: string; until: Until | null }[] = [
  { id: 'never', label: t('Until you clear it'), until: null },
  { id: 'half', label: t('30 minutes'), until: { type: 'period', time: 1800 } },
  { id: 'hour', label: t('1 hour'), until: { type: 'period', time: 3600 } },
  { id: 'four', label: t('4 hours'), until: { type: 'period', time: 14_400 } },
  { id: 'day', label: t('Today'), until: { type: 'end-of', time: 'day' } },
  { id: 'week', label: t('This week'), until: { type: 'end-of', time: 'week' } },
]

/** For how long a suggested message stays, in words. */
export function spanWords(until: Until | null): string {
  if (until === null) return ''
  if (until.type === 'end-of') return until.time === 'day' ? t('today') : t('this week')
  return lasting(until.time)
}

/** When a message goes, in words. */
export function clearWords(at: number, now = new Date()): string {
  const end = new Date(at * 1000)
  const time = end.toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit' })
  return end.toDateString() === now.toDateString() ? t('until {time}', { time }) : t('until {day}, {time}', { day: end.toLocaleDateString(locale(), { weekday: 'short', day: 'numeric', month: 'short' }), time })
}

/** The server speaks of characters where people think of emoji. */
const words = (error: unknown): string => (reason(error).startsWith('Status-Icon') ? t('Please choose a single emoji.') : reason(error))

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
      why.value = t('Your status cannot be shown. {why}', { why: reason(error) })
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
      why.value = error instanceof NotConfirmed ? t('Your status is as it was.') : t('Your status is as it was. {why}', { why: words(error) })
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
