import { t } from '../../kit/words'

/** A time to be reminded at that can be had with one press. */
export interface Moment {
  id: string
  label: string
  at: number
}

const hour = (day: Date, after: number, at: number): number => new Date(day.getFullYear(), day.getMonth(), day.getDate() + after, at).getTime()

/** What people mean by later: this evening as long as it is not yet, tomorrow, next Monday. */
export function moments(now: Date): Moment[] {
  const monday = (8 - now.getDay()) % 7 || 7
  return [
    { id: 'today', label: t('Later today'), at: hour(now, 0, 18) },
    { id: 'tomorrow', label: t('Tomorrow'), at: hour(now, 1, 8) },
    { id: 'week', label: t('Next week'), at: hour(now, monday, 8) },
  ].filter(moment => moment.at > now.getTime() + 3_600_000)
}

/** A time as a field for date and time writes it, in the time of this device. */
export function fieldTime(at: number): string {
  const d = new Date(at)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`
}
