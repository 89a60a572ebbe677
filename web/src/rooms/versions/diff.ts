/** A line of a comparison: in both, only in what was, or only in what is; or how many equal ones are left out. */
export type Line = { id: string; kind: 'same' | 'gone' | 'new'; text: string } | { id: string; kind: 'skipped'; lines: number }

/** Cells of the table that the comparison of what differs may take; beyond that it is told as replaced whole. */
const most = 4_000_000
/** Equal lines that are shown around what differs. */
const around = 3

const split = (text: string): string[] => text.replaceAll('\r\n', '\n').replace(/\n$/, '').split('\n')

/** Compares two texts line by line. */
export function compared(before: string, now: string): Line[] {
  const [a, b] = [split(before), split(now)]
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const marks = [
    ...a.slice(0, head).map(same), ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)), ...a.slice(a.length - tail).map(same),
  ]
  return folded(marks)
}

type Mark = { kind: 'same' | 'gone' | 'new'; text: string }
const same = (text: string): Mark => ({ kind: 'same', text })

/** The longest common lines stay, the others have gone or are new. */
function middle(a: readonly string[], b: readonly string[]): Mark[] {
  const gone = a.map((text): Mark => ({ kind: 'gone', text }))
  const added = b.map((text): Mark => ({ kind: 'new', text }))
  if (a.length === 0 || b.length === 0 || a.length * b.length > most) return [...gone, ...added]
  const width = b.length + 1
  const common = new Uint32Array((a.length + 1) * width) // of what follows each pair of lines
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  }
  const out: Mark[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push(same(a[i] ?? ''))
      i++
      j++
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) out.push(gone[i++] as Mark)
    else out.push(added[j++] as Mark)
  }
  return out
}

/** Leaves out equal lines that are far from what differs. */
function folded(marks: readonly Mark[]): Line[] {
  const near = new Uint8Array(marks.length)
  marks.forEach((mark, i) => {
    if (mark.kind !== 'same') near.fill(1, Math.max(0, i - around), i + around + 1)
  })
  const out: Line[] = []
  for (let i = 0; i < marks.length; i++) {
    const mark = marks[i] as Mark
    const last = out.at(-1)
    if (near[i]) out.push({ id: String(i), ...mark })
    else if (last?.kind === 'skipped') last.lines++
    else out.push({ id: String(i), kind: 'skipped', lines: 1 })
  }
  return out
}
