/** A line of a chart: its values go with the times of all lines. */
export interface Line {
  name: string
  values: readonly number[]
}

/** How wide and high a chart is drawn, before it is stretched to its place. */
export const wide = 1000
export const high = 200

/** How far the points of a line may be apart, in steps, and still be joined. */
const gap = 2.5

/** The part of a chart that shows from one time to another, and values from 0 to top. */
export interface Frame {
  from: number
  to: number
  top: number
}

export const across = (time: number, f: Frame): number => ((time - f.from) / (f.to - f.from)) * wide
const up = (value: number, f: Frame): number => high - Math.min(Math.max(value / f.top, 0), 1) * high
const round = (n: number): number => Math.round(n * 10) / 10

/** The stretches of times without a hole, as pairs of the first index and the one after the last. */
export function stretches(times: readonly number[], step: number): [number, number][] {
  const out: [number, number][] = []
  let first = 0
  times.forEach((time, i) => {
    const next = times[i + 1]
    if (next !== undefined && next - time <= step * gap) return
    out.push([first, i + 1])
    first = i + 1
  })
  return out
}

/** The path of a line through its points; holes stay open, and a point that stands alone is a short stroke. */
export function path(times: readonly number[], values: readonly number[], step: number, f: Frame): string {
  return stretches(times, step).map(([first, end]) => {
    const points = times.slice(first, end).map((time, i) => `${round(across(time, f))} ${round(up(values[first + i] ?? 0, f))}`)
    return `M${points.join('L')}${points.length === 1 ? 'h.1' : ''}`
  }).join('')
}

/** The area below a line. */
export function area(times: readonly number[], values: readonly number[], step: number, f: Frame): string {
  return stretches(times, step).filter(([first, end]) => end - first > 1).map(([first, end]) => {
    const [left, right] = [times[first] ?? 0, times[end - 1] ?? 0]
    return `${path(times.slice(first, end), values.slice(first, end), Infinity, f)}L${round(across(right, f))} ${high}L${round(across(left, f))} ${high}Z`
  }).join('')
}

const tops = [1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1024]

/** A round number at or above the greatest value: of things by thousands, of bytes by 1024. */
export function roundTop(most: number, base: 1000 | 1024 = 1000): number {
  if (most <= 1) return 1
  const unit = base ** Math.floor(Math.log(most) / Math.log(base))
  return unit * (tops.find(n => n * unit >= most) ?? base)
}

/** The index of the point nearest to a time; -1 for none. */
export function nearest(times: readonly number[], time: number): number {
  let best = -1
  times.forEach((t, i) => {
    if (best < 0 || Math.abs(t - time) <= Math.abs((times[best] ?? 0) - time)) best = i
  })
  return best
}
