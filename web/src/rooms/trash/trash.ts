import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { type Trashed, empty, purge, restore, trash } from '../../api/trash'
import { complain, tell } from '../../kit/notices'
import { filtered } from '../../kit/order'
import { useSelection } from '../../kit/selection'
import { each } from '../../kit/some'
import { useTask } from '../../kit/task'
import { t } from '../../kit/words'

/** The trash of somebody, and what can be done with it. */
export function useTrash(user: string) {
  const all = shallowRef<Trashed[]>()
  const error = shallowRef<unknown>()
  const filter = ref('')
  const rows = computed(() => filtered(all.value ?? [], filter.value))
  const selection = useSelection(rows)
  const { busy, attempt } = useTask()
  const under = new AbortController()

  async function load(): Promise<void> {
    try {
      all.value = await trash(user, under.signal)
      error.value = undefined
    } catch (problem) {
      if (!under.signal.aborted) error.value = problem
    }
  }

  async function run(things: readonly Trashed[], act: (thing: Trashed) => Promise<void>, words: { done: (n: number, name: string) => string; not: (name: string) => string; many: (n: number) => string }): Promise<void> {
    if (busy.value || things.length === 0) return
    busy.value = true
    const { done, failed } = await each(things, act)
    const gone = new Set(done.map(d => d.id))
    all.value = all.value?.filter(thing => !gone.has(thing.id))
    busy.value = false
    if (done.length > 0) tell(words.done(done.length, done[0]?.name ?? ''))
    for (const { thing, error: why } of failed.slice(0, 3)) complain(words.not(thing.name), why)
    if (failed.length > 3) complain(words.many(failed.length), failed[3]?.error)
  }

  const back = (things: readonly Trashed[]): Promise<void> =>
    run(things, thing => restore(user, thing.key), {
      done: (n, name) => t('{n, plural, =1 {“{name}” is back.} one {# item is back.} other {# items are back.}}', { n, name }),
      not: name => t('“{name}” stays in the trash.', { name }),
      many: n => t('{n, plural, one {# item stays in the trash.} other {# items stay in the trash.}}', { n }),
    })
  const forGood = (things: readonly Trashed[]): Promise<void> =>
    run(things, thing => purge(user, thing.key), {
      done: (n, name) => t('{n, plural, =1 {“{name}” is gone for good.} one {# item is gone for good.} other {# items are gone for good.}}', { n, name }),
      not: name => t('“{name}” was not deleted.', { name }),
      many: n => t('{n, plural, one {# item was not deleted.} other {# items were not deleted.}}', { n }),
    })

  const clear = (): Promise<boolean> => attempt(t('The trash was not emptied.'), async () => {
    await empty(user)
    all.value = []
    tell(t('The trash is empty.'))
  })

  void load()
  onScopeDispose(() => under.abort())
  return { all, error, filter, rows, selection, busy, load, back, forGood, clear }
}
