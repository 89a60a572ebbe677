import { computed, ref } from 'vue'
import { type Device, changeDevice, devices, endDevice, endOthers, wipeDevice, type Wish } from '../../api/devices'
import { tell } from '../../kit/notices'
import { useTask } from '../../kit/task'
import { t } from '../../kit/words'
import { endedWords } from './words'

/** The devices of the signed-in person, and what can be done with them. */
export function useDevices() {
  const all = ref<Device[]>()
  const failed = ref<unknown>()
  const { attempt } = useTask()

  async function load(): Promise<void> {
    try {
      all.value = await devices()
      failed.value = undefined
    } catch (error) {
      failed.value = error
    }
  }

  /** Does something and shows what became of it; true when it was done. */
  async function act(what: string, done: string, f: () => Promise<unknown>): Promise<boolean> {
    if (!(await attempt(what, f))) return false
    if (done !== '') tell(done)
    await load()
    return true
  }

  const sort = (list: Device[]): Device[] => list.sort((a, b) => Number(b.current) - Number(a.current) || b.used - a.used)
  return {
    all, failed, load,
    sessions: computed(() => sort((all.value ?? []).filter(d => d.kind === 'session'))),
    apps: computed(() => sort((all.value ?? []).filter(d => d.kind !== 'session'))),
    change: (device: Device, to: Wish) => act(t('“{name}” was not changed.', { name: device.label }), '', () => changeDevice(device.id, to)),
    end: (device: Device) => act(t('“{name}” was not ended.', { name: device.label }), t('“{name}” cannot get in any more.', { name: device.label }), () => endDevice(device.id)),
    wipe: (device: Device) => act(t('“{name}” is not asked.', { name: device.label }), t('“{name}” will be told to delete its data.', { name: device.label }), () => wipeDevice(device.id)),
    async endOthers(of: 'sessions' | 'all'): Promise<boolean> {
      let n = 0
      const good = await act(t('They were not ended.'), '', async () => (n = await endOthers(of)))
      if (good) tell(endedWords(n))
      return good
    },
  }
}
