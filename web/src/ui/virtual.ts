export interface Slice {
  first: number
  /** One behind the last. */
  end: number
}

/** How many rows out of sight are drawn on either side: as many as are passed in a turn of the wheel or two. */
const spare = (row: number): number => Math.max(4, Math.ceil(384 / row))

/** How many rows are drawn at most. */
export const most = (viewport: number, row: number): number => Math.ceil(viewport / row) + 1 + 2 * spare(row)

/** Which rows of equal height are to be drawn: those in sight and some on either side, away from the ends always as many. */
export function slice(scrolled: number, viewport: number, row: number, rows: number): Slice {
  const from = Math.floor(scrolled / row) - spare(row)
  const first = Math.min(Math.max(0, from), Math.max(0, rows - 1))
  return { first, end: Math.max(first, Math.min(rows, from + most(viewport, row))) }
}

/** Where to scroll so that a row is wholly in sight, moving as little as possible. */
export function reveal(index: number, scrolled: number, viewport: number, row: number): number {
  const top = index * row
  if (top < scrolled) return top
  if (top + row > scrolled + viewport) return top + row - viewport
  return scrolled
}
