import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { type Trashed, empty, purge, restore, trash } from '../../api/trash'
import { counted } from '../../kit/format'
import { complain, tell } from '../../kit/notices'
import { filtered } from '../../kit/order'
import { useSelection } from '../../kit/selection'
import { each } from '../../kit/some'

/** The trash of somebody, and what can be done with it. */
export function useTrash(user: string) {
  const all = shallowRef<Trashed[]>()
  const error = shallowRef<unknown>()
  const filter = ref('')
  const rows = computed(() => filtered(all.value ?? [], filter.value))
  const selection = useSelection(rows)
  const busy = ref(false)
  const under = new AbortController()

  async function load(): Promise<void> {
    try {
      all.value = await trash(user, under.signal)
      error.value = undefined
    } catch (problem) {
      if (!under.signal.aborted) error.value = problem
    }
  }

  async function run(things: readonly Trashed[], act: (thing: Trashed) => Promise<void>, words: { one: string; many: string; not: string }): Promise<void> {
    if (busy.value || things.length === 0) return
    busy.value = true
    const { done, failed } = await each(things, act)
    const gone = new Set(done.map(t => t.id))
    all.value = all.value?.filter(t => !gone.has(t.id))
    busy.value = false
    if (done.length > 0) tell(done.length === 1 ? `“${done[0]?.name}” ${words.one}` : `${counted(done.length, 'item')} ${words.many}`)
    for (const { thing, error: why } of failed.slice(0, 3)) complain(`“${thing.name}” ${words.not}`, why)
    if (failed.length > 3) complain(`${counted(failed.length, 'item')} ${words.not}`, failed[3]?.error)
  }

  const back = (things: readonly Trashed[]): Promise<void> =>
    run(things, thing => restore(user, thing.key), { one: 'is back.', many: 'are back.', not: 'stays in the trash.' })
  const forGood = (things: readonly Trashed[]): Promise<void> =>
    run(things, thing => purge(user, thing.key), { one: 'is gone for good.', many: 'are gone for good.', not: 'was not deleted.' })

  async function clear(): Promise<void> {
    busy.value = true
    try {
      await empty(user)
      all.value = []
      tell('The trash is empty.')
    } catch (problem) {
      complain('The trash was not emptied.', problem)
    } finally {
      busy.value = false
    }
  }

  void load()
  onScopeDispose(() => under.abort())
  return { all, error, filter, rows, selection, busy, load, back, forGood, clear }
}
