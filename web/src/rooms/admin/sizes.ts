const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

/** A bound in bytes as it is typed: '10 GB' where that is exact, 'none' for a negative one. */
export function sizeFor(bytes: number): string {
  if (bytes < 0) return 'none'
  let step = 0
  let value = bytes
  while (step < units.length - 1 && value >= 1024 && value % 1024 === 0) {
    value /= 1024
    step++
  }
  return step === 0 ? `${value}` : `${value} ${units[step]}`
}
