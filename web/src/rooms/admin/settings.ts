import { computed, ref, shallowRef, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import { type Setting, keyOf, resetSetting, setSetting, settings } from '../../api/admin'
import { NotConfirmed, confirmed } from '../../kit/confirm'
import { reason } from '../../kit/notices'

export type Saving = '' | 'saving' | 'saved'

/** The settings of the server, as a page shows and changes them. */
export interface Settings {
  all: ComputedRef<ReadonlyMap<string, Setting>>
  error: Ref<unknown>
  states: Ref<Record<string, Saving>>
  whys: Ref<Record<string, string>>
  load(): Promise<void>
  /** Changes a setting, or puts it back to its default when no value is given. Tells whether it was done. */
  put(setting: Setting, value?: string): Promise<boolean>
}

export const settingsKey: InjectionKey<Settings> = Symbol('settings')

export function useSettings(): Settings {
  const list = shallowRef<readonly Setting[]>([])
  const error = ref<unknown>()
  const states = ref<Record<string, Saving>>({})
  const whys = ref<Record<string, string>>({})

  async function load(): Promise<void> {
    error.value = undefined
    try {
      list.value = await settings()
    } catch (e) {
      error.value = e
    }
  }

  async function put(setting: Setting, value?: string): Promise<boolean> {
    const key = keyOf(setting)
    states.value[key] = 'saving'
    whys.value[key] = ''
    try {
      const now = await confirmed(() => (value === undefined ? resetSetting(setting) : setSetting(setting, value)))
      list.value = list.value.map(s => (keyOf(s) === key ? now : s))
      states.value[key] = 'saved'
      return true
    } catch (e) {
      states.value[key] = ''
      if (!(e instanceof NotConfirmed)) whys.value[key] = reason(e)
      list.value = [...list.value] // what was typed goes back to what holds
      return false
    }
  }
  return { all: computed(() => new Map(list.value.map(s => [keyOf(s), s]))), error, states, whys, load, put }
}
