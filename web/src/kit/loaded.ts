import { onMounted, ref, type Ref } from 'vue'
import { reason } from './notices'

export interface Loaded<T> {
  /** What was fetched last; undefined until something was. */
  has: Ref<T | undefined>
  /** Why it could not be fetched the last time; '' if it could. */
  failure: Ref<string>
  load(): Promise<void>
}

/** What a page shows of the server: it is fetched when the page stands, and whenever load is called. */
export function useLoaded<T>(fetch: () => Promise<T>): Loaded<T> {
  const has = ref() as Ref<T | undefined>
  const failure = ref('')

  async function load(): Promise<void> {
    try {
      has.value = await fetch()
      failure.value = ''
    } catch (error) {
      failure.value = reason(error)
    }
  }
  onMounted(load)
  return { has, failure, load }
}
