/** How a picture stands in its room: how much it is enlarged beyond fitting, how far it was dragged, and how it is turned. */
export interface Stand {
  scale: number
  x: number
  y: number
  /** Quarters of a turn, clockwise. */
  turn: number
}

export interface Size {
  width: number
  height: number
}

export interface Point {
  x: number
  y: number
}

export const upright: Stand = { scale: 1, x: 0, y: 0, turn: 0 }

const turned = (size: Size, turn: number): Size => (turn % 2 === 0 ? size : { width: size.height, height: size.width })

/** How large a picture is drawn so that it fits; small ones are not enlarged. Before it is turned. */
export function fitted(picture: Size, room: Size, turn: number): Size {
  if (picture.width <= 0 || picture.height <= 0) return { width: 0, height: 0 }
  const seen = turned(picture, turn)
  const by = Math.min(1, room.width / seen.width, room.height / seen.height)
  return { width: picture.width * by, height: picture.height * by }
}

/** How far one can go in: to four pixels for each of the picture's, and at least to eight times what fits. */
export const most = (picture: Size, drawn: Size): number => Math.max(8, drawn.width > 0 ? (picture.width / drawn.width) * 4 : 8)

/** Keeps a picture in its room: what is smaller stands in the middle, of what is larger no edge comes inside. */
export function held(stand: Stand, drawn: Size, room: Size): Stand {
  const seen = turned(drawn, stand.turn)
  const free = (side: number, space: number): number => Math.max(0, (side * stand.scale - space) / 2)
  const [x, y] = [free(seen.width, room.width), free(seen.height, room.height)]
  return { ...stand, x: clamp(stand.x, -x, x), y: clamp(stand.y, -y, y) }
}

/** Enlarges by a factor so that what is at a point stays there. The point counts from the middle of the room. */
export function zoomed(stand: Stand, factor: number, at: Point, limit: number): Stand {
  const scale = clamp(stand.scale * factor, 1, limit)
  const by = scale / stand.scale
  return { ...stand, scale, x: at.x - (at.x - stand.x) * by, y: at.y - (at.y - stand.y) * by }
}

const clamp = (n: number, least: number, greatest: number): number => Math.min(greatest, Math.max(least, n))
