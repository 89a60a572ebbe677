/** A name that is being typed after an @: its letters so far, and where the @ stands. */
export interface Begun {
  letters: string
  at: number
}

/** Finds the mention that somebody types at a place of a text, undefined for none. */
export function begunAt(text: string, caret: number): Begun | undefined {
  const found = /(?:^|[\s([{])@"?([^\s@"]{1,64})$/u.exec(text.slice(0, caret))
  const letters = found?.[1]
  return letters === undefined ? undefined : { letters, at: text.slice(0, caret).lastIndexOf('@') }
}

/** Puts a name where it was begun, in quotation marks if it has blanks, and tells where the caret goes then. */
export function completed(text: string, caret: number, begun: Begun, id: string): { text: string; caret: number } {
  const name = `@${/^[\w.+-]+$/.test(id) ? id : `"${id}"`} `
  return { text: text.slice(0, begun.at) + name + text.slice(caret).replace(/^ /, ''), caret: begun.at + name.length }
}
