/** Milliseconds of the past that a speed is measured over. */
const window = 5000

/** Measures a speed over the last seconds. */
export class Rate {
  #marks: { at: number; sum: number }[] = []

  /** Tells that `sum` units have gone at the time `at` in milliseconds. */
  mark(sum: number, at: number): void {
    const last = this.#marks.at(-1)
    if (last && (sum < last.sum || at < last.at)) this.#marks = []
    this.#marks.push({ at, sum })
    while (this.#marks.length > 2 && at - (this.#marks[1]?.at ?? at) > window) this.#marks.shift()
  }

  /** Units a second; 0 as long as nothing can be said. */
  get perSecond(): number {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)]
    if (!first || !last || last.at - first.at < 500) return 0
    return ((last.sum - first.sum) * 1000) / (last.at - first.at)
  }

  reset(): void {
    this.#marks = []
  }
}
