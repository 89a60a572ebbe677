import { NotConfirmed, confirmed } from '../../kit/confirm'
import { complain, tell } from '../../kit/notices'
import { each } from '../../kit/some'
import { t } from '../../kit/words'

/** Does something that the password may be asked for. Gives undefined when the person gave up, and throws what went wrong. */
export async function sure<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await confirmed(act)
  } catch (error) {
    if (error instanceof NotConfirmed) return undefined
    throw error
  }
}

/** Does something with each of many things and tells how it went; every failure is named. Gives those with which it was done. */
export async function forEach<T>(things: readonly T[], nameOf: (thing: T) => string, act: (thing: T) => Promise<unknown>, good: (n: number) => string): Promise<T[]> {
  const { done, failed } = await each(things, thing => confirmed(() => act(thing)))
  const bad = failed.filter(f => !(f.error instanceof NotConfirmed))
  if (done.length > 0) tell(good(done.length))
  const [one] = bad
  if (one && bad.length === 1) complain(`${nameOf(one.thing)}:`, one.error)
  else if (one) complain(t('{n, plural, one {# was} other {# were}} left as they are: {names}.', { n: bad.length, names: bad.map(f => nameOf(f.thing)).join(', ') }), one.error)
  return done
}
