import { shallowRef, watch, type Ref } from 'vue'
import type { Entry } from '../../api/dav'
import { type About, about } from '../../api/media'
import { who } from '../../kit/person'

/** What files tell of themselves, by number and version, for as long as the page is open. */
const known = new Map<string, Promise<About>>()
const most = 200

const nothing: About = { width: 0, height: 0, taken: 0, place: undefined, tags: new Map(), mayChange: false }

/** What a file tells of itself; undefined until that is known. What cannot be asked is as if it told nothing. */
export function useFacts(of: () => Entry): Readonly<Ref<About | undefined>> {
  const facts = shallowRef<About>()
  watch(of, async entry => {
    facts.value = undefined
    const found = await ask(entry)
    if (of() === entry) facts.value = found
  }, { immediate: true })
  return facts
}

function ask(entry: Entry): Promise<About> {
  const key = `${entry.id} ${entry.etag}`
  const asked = known.get(key) ?? about(who.value.id, entry.path).catch(() => nothing).then(found => {
    if (found.width === 0) known.delete(key) // what was just uploaded is not read yet
    return found
  })
  known.delete(key)
  known.set(key, asked)
  const [oldest] = known.keys()
  if (known.size > most && oldest !== undefined) known.delete(oldest)
  return asked
}
