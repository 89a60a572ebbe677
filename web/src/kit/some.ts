/** How many things are done at a time. */
const workers = 3

/** What became of many things that were done one by one. */
export interface Outcome<T> {
  done: T[]
  failed: { thing: T; error: unknown }[]
}

/** Does something with each of many things, some at a time, and goes on when one fails. told hears after each how many are through. */
export async function each<T>(things: readonly T[], act: (thing: T) => Promise<unknown>, told?: (through: number) => void): Promise<Outcome<T>> {
  const outcome: Outcome<T> = { done: [], failed: [] }
  let next = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < things.length; at = next++) {
      const thing = things[at] as T
      try {
        await act(thing)
        outcome.done.push(thing)
      } catch (error) {
        outcome.failed.push({ thing, error })
      }
      told?.(outcome.done.length + outcome.failed.length)
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return outcome
}
