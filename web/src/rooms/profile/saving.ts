import { ref, type Ref } from 'vue'
import { NotConfirmed, confirmed } from '../../kit/confirm'
import { reason } from '../../kit/notices'
import { t } from '../../kit/words'

export interface Saving<T> {
  /** What is shown, and may be about to be saved. */
  value: Ref<T>
  state: Ref<'' | 'saving' | 'saved'>
  /** Why the last change was not saved; '' if it was. */
  why: Ref<string>
  /** Saves what is shown. If that fails, what was there before is shown again. */
  save: () => Promise<void>
  /** Changes what is shown, and saves it. */
  set: (value: T) => Promise<void>
}

/** A value that is saved whenever it is changed. */
export function useSaving<T extends string | boolean>(first: T, store: (value: T) => Promise<unknown>): Saving<T> {
  const value = ref(first) as Ref<T>
  const state = ref<'' | 'saving' | 'saved'>('')
  const why = ref('')
  let kept = first

  async function save(): Promise<void> {
    const wanted = value.value
    if (wanted === kept || state.value === 'saving') return
    state.value = 'saving'
    why.value = ''
    try {
      await confirmed(() => store(wanted))
      kept = wanted
      state.value = 'saved'
    } catch (error) {
      value.value = kept
      state.value = ''
      why.value = unsaved(wanted, error)
    }
    if (value.value !== kept) await save() // it was changed meanwhile
  }
  return { value, state, why, save, set: next => ((value.value = next), save()) }
}

function unsaved(wanted: string | boolean, error: unknown): string {
  const what = typeof wanted === 'string' && wanted !== '' && wanted.length <= 60 && !wanted.startsWith('v2-') ? t('“{value}” was not saved.', { value: wanted }) : t('This was not saved.')
  return `${what} ${error instanceof NotConfirmed ? t('You did not confirm it.') : reason(error)}`
}
