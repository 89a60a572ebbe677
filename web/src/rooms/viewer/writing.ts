import { onBeforeUnmount, onMounted, ref, shallowRef } from 'vue'
import { useRouter } from 'vue-router'
import { type Entry, list, stat } from '../../api/dav'
import { Overtaken, readText, writeText } from '../../api/text'
import { complain, reason, tell } from '../../kit/notices'
import { freeName, join, parentOf } from '../../kit/paths'
import { who } from '../../kit/person'
import { t } from '../../kit/words'
import { query, renew } from './viewing'

export type State = 'loading' | 'ready' | 'binary' | 'failed'

/** A text that is read and written: written() is what stands in the editor. */
export function useWriting(entry: Entry, written: () => string) {
  const user = who.value.id
  const router = useRouter()
  const state = ref<State>('loading')
  const trouble = ref('')
  const text = shallowRef('')
  /** Counts how often it was read: what stands in an editor belongs to one reading. */
  const loads = ref(0)
  /** Whether there is something that was not saved. */
  const dirty = ref(false)
  const saving = ref(false)
  /** Whether somebody else was faster, which the person is asked about. */
  const overtaken = ref(false)
  /** Answers whether to leave what is not saved, while that is asked. */
  const leaving = shallowRef<(goes: boolean) => void>()
  const under = new AbortController()
  let etag = ''

  async function load(): Promise<void> {
    try {
      const found = await readText(user, entry.path, under.signal)
      state.value = found ? 'ready' : 'binary'
      text.value = found?.text ?? ''
      loads.value++
      etag = found?.etag ?? ''
      dirty.value = overtaken.value = false
    } catch (error) {
      if (under.signal.aborted) return
      state.value = 'failed'
      trouble.value = reason(error)
    }
  }

  /** Saves, and tells whether it did. */
  async function save(): Promise<boolean> {
    if (saving.value || !dirty.value) return !dirty.value
    saving.value = true
    const saved = written()
    try {
      etag = await writeText(user, entry.path, saved, etag)
      dirty.value = written() !== saved
      tell(t('Saved.'))
      void stat(user, entry.path).then(renew).catch(() => undefined)
      return true
    } catch (error) {
      if (error instanceof Overtaken) overtaken.value = true
      else complain(t('Your changes are not saved.'), error)
      return false
    } finally {
      saving.value = false
    }
  }

  /** Shows what was written. */
  function settle(): void {
    text.value = written()
  }

  /** Saves over what somebody else wrote: over what is there now, not over what may come after. */
  async function overwrite(): Promise<void> {
    overtaken.value = false
    try {
      etag = (await stat(user, entry.path)).etag
      await save()
    } catch (error) {
      complain(t('Your changes are not saved.'), error)
    }
  }

  /** Saves beside what somebody else wrote, and goes on with theirs. */
  async function keepBoth(): Promise<void> {
    overtaken.value = false
    try {
      const folder = parentOf(entry.path)
      const taken = new Set((await list(user, folder)).entries.map(e => e.name))
      const name = freeName(entry.name, taken)
      await writeText(user, join(folder, name), written(), '')
      tell(t('Your text is saved as “{name}”.', { name }))
      await load()
    } catch (error) {
      complain(t('Your changes are not saved.'), error)
    }
  }

  function ask(): Promise<boolean> {
    return new Promise(resolve => {
      leaving.value = goes => {
        leaving.value = undefined
        resolve(goes)
      }
    })
  }

  // Every way out goes through the address: closing, the next file, the browser's own button.
  const away = router.beforeEach((to, from) => (dirty.value && to.query[query] !== from.query[query] ? ask() : true))
  const unload = (event: BeforeUnloadEvent): void => void (dirty.value && event.preventDefault())
  onMounted(() => window.addEventListener('beforeunload', unload))
  onBeforeUnmount(() => {
    away()
    window.removeEventListener('beforeunload', unload)
    under.abort()
  })

  void load()
  return { state, trouble, text, loads, dirty, saving, overtaken, leaving, load, save, settle, overwrite, keepBoth }
}
