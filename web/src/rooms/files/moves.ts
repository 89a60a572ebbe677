import { ref, shallowReadonly, shallowRef } from 'vue'
import { type Entry, copy, move, stat } from '../../api/dav'
import { ApiError } from '../../api/http'
import { complain, tell } from '../../kit/notices'
import { join, nameOf, parentOf, split } from '../../kit/paths'
import { who } from '../../kit/person'
import { each } from '../../kit/some'
import { t } from '../../kit/words'
import type { Answer } from './uploads/job'

export type How = 'move' | 'copy'

/** What stands where something is to go. */
export interface Clash {
  name: string
  folder: string
  /** Whether it is a folder that is there already. */
  isFolder: boolean
  /** How many others may yet be in the way. */
  others: number
  reply(answer: Answer, forAll: boolean): void
}

/** Files that were cut or copied, to be pasted somewhere. */
export interface Clipboard {
  entries: readonly Entry[]
  how: How
  /** Tells it from what another page copied. */
  token: string
}

const asked = shallowRef<Clash>()
const held = shallowRef<Clipboard>()
const under = shallowRef<{ how: How; done: number; all: number }>()
const turns = ref(0)

/** What is in the way and waits for an answer. */
export const clash = shallowReadonly(asked)
export const clipboard = shallowReadonly(held)
/** What is being moved or copied just now. */
export const moving = shallowReadonly(under)
/** Counts up when files have been moved or copied, so that lists are listed again. */
export const moved = shallowReadonly(turns)

/** Remembers files to be pasted, and returns by what they are known again. */
export function hold(entries: readonly Entry[], how: How): string {
  const token = crypto.randomUUID?.() ?? String(Math.random())
  held.value = entries.length > 0 ? { entries, how, token } : undefined
  return token
}

/** Pastes what was cut or copied. What was cut can be pasted once. */
export async function paste(into: string): Promise<void> {
  const what = held.value
  if (!what) return
  if (what.how === 'move') held.value = undefined
  await bring(what.entries, into, what.how)
}

/** Whether something can go into a folder: not into itself, and not by moving where it is. */
export const fits = (entries: readonly Entry[], into: string, how: How): boolean =>
  entries.length > 0 && !entries.some(e => e.folder && (into === e.path || into.startsWith(`${e.path}/`))) && (how === 'copy' || entries.some(e => parentOf(e.path) !== into))

interface Gone {
  from: string
  to: string
}

/** Moves or copies files into a folder. Where something of the same name is in the way, it asks. */
export async function bring(entries: readonly Entry[], into: string, how: How): Promise<void> {
  const things = how === 'move' ? entries.filter(e => parentOf(e.path) !== into) : [...entries]
  if (!fits(things, into, how)) {
    if (things.length > 0) complain(t('Nothing was moved.'), new ApiError(409, t('A folder cannot go into itself.')))
    return
  }
  const user = who.value.id
  const gone: Gone[] = []
  const act = how === 'move' ? move : copy
  let forAll: Answer | undefined
  let left = things.length
  let queue: Promise<unknown> = Promise.resolve()

  const ask = (entry: Entry): Promise<Answer> => {
    const mine = queue.then(async () => {
      if (forAll) return forAll
      const there = await stat(user, join(into, entry.name)).catch(() => entry)
      return new Promise<Answer>(resolve => {
        asked.value = {
          name: entry.name, folder: nameOf(into), isFolder: there.folder, others: left - 1,
          reply(answer, all) {
            asked.value = undefined
            if (all) forAll = answer
            resolve(answer)
          },
        }
      })
    })
    queue = mine
    return mine
  }

  async function free(entry: Entry): Promise<string> {
    const { stem, extension } = entry.folder ? { stem: entry.name, extension: '' } : split(entry.name)
    for (let n = 2; ; n++) {
      const to = join(into, `${stem} (${n})${extension}`)
      if (await tried(() => act(user, entry.path, to))) return to
    }
  }

  async function one(entry: Entry): Promise<void> {
    const to = join(into, entry.name)
    if (to === entry.path) return void (await free(entry)) // copied where it is
    if (await tried(() => act(user, entry.path, to))) return void gone.push({ from: entry.path, to })
    const answer = await ask(entry)
    if (answer === 'keep') gone.push({ from: entry.path, to: await free(entry) })
    if (answer === 'replace') await act(user, entry.path, to, true)
    if (answer === 'skip') skipped++
  }

  let skipped = 0
  under.value = { how, done: 0, all: things.length }
  const { done, failed } = await each(things, async entry => {
    await one(entry).finally(() => left--)
  }, through => (under.value = { how, done: through, all: things.length }))
  under.value = undefined
  turns.value++
  report(how, done.length - skipped, into, how === 'move' ? gone : [])
  for (const { thing, error } of failed.slice(0, 3)) {
    complain(how === 'move' ? t('“{name}” was not moved.', { name: thing.name }) : t('“{name}” was not copied.', { name: thing.name }), error)
  }
  if (failed.length > 3) complain(t('{n, plural, one {# other thing} other {# other things}} stayed where they were.', { n: failed.length - 3 }), failed[3]?.error)
}

/** Whether something went where nothing was. */
async function tried(act: () => Promise<void>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) return false
    throw error
  }
}

function report(how: How, n: number, into: string, gone: readonly Gone[]): void {
  if (n === 0) return
  const folder = nameOf(into) || t('All files')
  const words = how === 'move' ? t('{n, plural, one {# item} other {# items}} moved to “{folder}”.', { n, folder }) : t('{n, plural, one {# item} other {# items}} copied to “{folder}”.', { n, folder })
  if (gone.length === 0) return tell(words)
  tell(words, { label: t('Undo'), run: () => void back(gone) })
}

/** Puts what was moved or renamed back where it was. */
export async function back(gone: readonly Gone[]): Promise<void> {
  const { failed } = await each(gone, ({ from, to }) => move(who.value.id, to, from))
  turns.value++
  if (failed[0]) complain(t('“{name}” stays where it is.', { name: nameOf(failed[0].thing.to) }), failed[0].error)
  else tell(t('{n, plural, one {It is back where it was.} other {# items are back where they were.}}', { n: gone.length }))
}
