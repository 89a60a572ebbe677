export interface Slice {
  first: number
  /** One behind the last. */
  end: number
}

/** How many rows out of sight are drawn on either side: as many as are passed in a turn of the wheel or two. */
export const spare = (row: number): number => Math.max(4, Math.ceil(384 / row))

/** Which rows of equal height are to be drawn: those in sight and some on either side. */
export function slice(scrolled: number, viewport: number, row: number, rows: number): Slice {
  const first = Math.min(Math.max(0, Math.floor(scrolled / row) - spare(row)), Math.max(0, rows - 1))
  const end = Math.min(rows, Math.ceil((scrolled + viewport) / row) + spare(row))
  return { first, end: Math.max(first, end) }
}

/** Where to scroll so that a row is wholly in sight, moving as little as possible. */
export function reveal(index: number, scrolled: number, viewport: number, row: number): number {
  const top = index * row
  if (top < scrolled) return top
  if (top + row > scrolled + viewport) return top + row - viewport
  return scrolled
}
