/** A row of pictures that fill the width together: the first of them, and how wide each is drawn. */
export interface Row {
  first: number
  widths: number[]
  height: number
  /** From the top of its section. */
  top: number
}

/** How wide a picture may be for its height, so that panoramas and strips leave room for others. */
const [narrowest, broadest] = [0.5, 2.8]
/** The shape of pictures that are not known yet. */
export const usual = 4 / 3

export const shape = (width: number, height: number): number => (width > 0 && height > 0 ? Math.min(broadest, Math.max(narrowest, width / height)) : usual)

/** Puts pictures into rows that are about as high as wished and fill the width; the last row is not stretched. */
export function justified(shapes: readonly number[], width: number, wished: number, gap: number): { rows: Row[]; height: number } {
  const rows: Row[] = []
  let [first, sum, top] = [0, 0, 0]
  const put = (end: number, height: number): void => {
    rows.push({ first, widths: shapes.slice(first, end).map(s => s * height), height, top })
    top += height + gap
    first = end
    sum = 0
  }
  shapes.forEach((s, i) => {
    sum += s
    const free = width - gap * (i - first)
    if (sum * wished >= free) put(i + 1, free / sum)
  })
  if (first < shapes.length) put(shapes.length, Math.min(wished, (width - gap * (shapes.length - first - 1)) / sum))
  return { rows, height: Math.max(0, top - gap) }
}

/** How high a number of pictures will about be that are not known yet. */
export function guessed(count: number, width: number, wished: number, gap: number): number {
  const inRow = Math.max(1, Math.floor((width + gap) / (usual * wished + gap)))
  const rows = Math.ceil(count / inRow)
  return rows * wished + Math.max(0, rows - 1) * gap
}
