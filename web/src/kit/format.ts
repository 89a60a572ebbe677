import { locale, t } from './words'

// The language is chosen before this module is loaded (see main.ts), and does not change.
const whole = new Intl.NumberFormat(locale())
const fine = new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 })
const units: readonly ((n: string) => string)[] = [
  n => t('{n} KB', { n }),
  n => t('{n} MB', { n }),
  n => t('{n} GB', { n }),
  n => t('{n} TB', { n }),
  n => t('{n} PB', { n }),
]

/** A size to read: '3.2 MB', 1024 at a step as people know it from file managers. */
export function bytes(n: number): string {
  if (n < 1024) return t('{n, plural, one {# byte} other {# bytes}}', { n })
  let step = 0
  let value = n / 1024
  while (Math.round(value) >= 1000 && step < units.length - 1) {
    value /= 1024
    step++
  }
  return (units[step] ?? String)(value >= 100 ? whole.format(Math.round(value)) : fine.format(value))
}

/** A number with separators. */
export const count = (n: number): string => whole.format(n)

/** '1 file', '2 files'. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${whole.format(n)} ${n === 1 ? one : many}`
}

const clock = new Intl.DateTimeFormat(locale(), { hour: '2-digit', minute: '2-digit' })
const thisYear = new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short' })
const anyYear = new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short', year: 'numeric' })
const exact = new Intl.DateTimeFormat(locale(), { dateStyle: 'full', timeStyle: 'medium' })
const near = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' })

/** A time to read at a glance: 'now', '5 minutes ago', '14:02', 'yesterday', '3 Mar', '3 Mar 2024'. */
export function when(ms: number, now = Date.now()): string {
  if (ms === 0) return '–'
  const minutes = Math.round((ms - now) / 60_000)
  if (minutes === 0) return near.format(0, 'second')
  if (minutes < 0 && minutes > -60) return near.format(minutes, 'minute')
  const [then, today] = [new Date(ms), new Date(now)]
  const days = Math.round((midnight(then) - midnight(today)) / 86_400_000)
  if (days === 0) return clock.format(then)
  if (days === -1) return near.format(-1, 'day')
  return then.getFullYear() === today.getFullYear() ? thisYear.format(then) : anyYear.format(then)
}

/** A time with everything that is known of it. */
export const exactly = (ms: number): string => (ms === 0 ? t('unknown') : exact.format(ms))

function midnight(d: Date): number {
  return new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime()
}

/** How long something takes: '8 s', '3 min', '2 h 5 min'. */
export function lasting(seconds: number): string {
  if (seconds < 60) return t('{n} s', { n: whole.format(Math.max(1, Math.round(seconds))) })
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return t('{n} min', { n: minutes })
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? t('{n} h', { n: hours }) : t('{hours} h {minutes} min', { hours, minutes: minutes % 60 })
}
