import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { type Account, type Whom, account, accounts } from '../../api/people'
import { useSelection } from '../../kit/selection'

/** How many accounts one answer holds. */
const page = 200
/** How long after the last letter the server is asked, in milliseconds. */
const pause = 250

/** The accounts that a person is in charge of, page by page as they are scrolled to. */
export function usePeople(whom: Ref<Whom>) {
  const all = shallowRef<Account[]>()
  const error = ref<unknown>()
  const search = ref('')
  const whole = ref(false)
  const rows = computed<readonly Account[]>(() => all.value ?? [])
  const selection = useSelection(rows)
  let round = 0
  let under = false

  /** Asks for what follows. An answer to an older question is dropped. */
  async function more(): Promise<void> {
    if (under || whole.value) return
    const mine = round
    under = true
    try {
      const next = await accounts(whom.value, search.value.trim(), page, rows.value.length)
      if (mine !== round) return
      const known = new Set(rows.value.map(a => a.id))
      all.value = [...rows.value, ...next.filter(a => !known.has(a.id))]
      whole.value = next.length < page
    } catch (e) {
      if (mine === round) error.value = e
    } finally {
      if (mine === round) under = false
    }
  }

  async function load(): Promise<void> {
    round++
    under = false
    whole.value = false
    error.value = undefined
    all.value = undefined
    await more()
  }

  /** Reads accounts again that were changed. */
  async function refresh(ids: readonly string[]): Promise<void> {
    const now = new Map((await Promise.all(ids.map(id => account(id).catch(() => undefined)))).flatMap(a => (a ? [[a.id, a] as const] : [])))
    all.value = rows.value.map(a => now.get(a.id) ?? a)
  }

  function forget(ids: readonly string[]): void {
    all.value = rows.value.filter(a => !ids.includes(a.id))
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  watch(search, () => {
    clearTimeout(timer)
    timer = setTimeout(() => void load(), pause)
  })
  watch(whom, load)

  return { all, rows, error, search, whole, selection, load, more, refresh, forget }
}
