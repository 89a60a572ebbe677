import { reactive, readonly } from 'vue'
import { choose } from '../api/preferences'

/** What may be chosen of the look, of the keys, and of new shares; the first of each is what holds without a choice. The server has the same list. */
export const choices = {
  theme: ['auto', 'light', 'dark'],
  contrast: ['auto', 'more'],
  density: ['wide', 'tight'],
  motion: ['auto', 'less'],
  size: ['100', '90', '112', '125', '150'],
  underline: ['no', 'yes'],
  letters: ['on', 'off'],
  tour: ['due', 'done'],
  role: ['view', 'edit'],
  expiry: ['never', '7', '30', '90', '365'],
} as const

export type Aspect = keyof typeof choices
export type Value<A extends Aspect> = (typeof choices)[A][number]
export type Look = { -readonly [A in Aspect]: Value<A> }

const cookie = 'atrium_theme'
const root = document.documentElement

/** What the document came with: the server writes it there, so that nothing flashes. */
function first<A extends Aspect>(aspect: A): Value<A> {
  const options: readonly Value<A>[] = choices[aspect]
  return options.find(o => o === root.dataset[aspect]) ?? (options[0] as Value<A>)
}

const chosen = reactive<Look>({
  theme: first('theme'), contrast: first('contrast'), density: first('density'), motion: first('motion'), size: first('size'),
  underline: first('underline'), letters: first('letters'), tour: first('tour'), role: first('role'), expiry: first('expiry'),
})

/** How the page looks, as the person has chosen. */
export const look = readonly(chosen)

/** The words by which this browser keeps the look for the pages before the login. Exported for its test. */
export function words(of: Readonly<Look>): string {
  return [of.theme, of.contrast === 'more' ? 'contrast' : '', of.motion === 'less' ? 'still' : '', of.size === '100' ? '' : of.size, of.underline === 'yes' ? 'underlined' : '']
    .filter(word => word !== '').join('.')
}

/** The look that this browser keeps in a cookie, as a document says it: for pages that the server made for everybody. */
export function lookIn(cookies: string): Record<string, string> {
  const kept = new RegExp(`(?:^|; *)${cookie}=([^;]*)`).exec(cookies)?.[1]?.split('.') ?? []
  const found: Record<string, string> = {}
  for (const word of kept) {
    if (word === 'light' || word === 'dark') found.theme = word
    if (word === 'contrast') found.contrast = 'more'
    if (word === 'still') found.motion = 'less'
    if (choices.size.some(size => size === word)) found.size = word
    if (word === 'underlined') found.underline = 'yes'
  }
  return found
}

/** What is being kept: one choice after the other, so that the last one made is the one that stays. */
let keeping: Promise<unknown> = Promise.resolve()

/** Shows a choice at once, and keeps it on the account. If that fails, it is thrown, and the choice holds in this browser only. */
export async function setLook<A extends Aspect>(aspect: A, value: Value<A>): Promise<void> {
  Object.assign(chosen, { [aspect]: value })
  root.dataset[aspect] = value
  const secure = location.protocol === 'https:' ? '; Secure' : ''
  document.cookie = `${cookie}=${words(chosen)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`
  const mine = keeping.catch(() => undefined).then(() => choose(aspect, value))
  keeping = mine
  await mine
}
