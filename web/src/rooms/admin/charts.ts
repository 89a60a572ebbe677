import type { Sample, Samples } from '../../api/monitor'
import { bytes } from '../../kit/format'
import { locale, t } from '../../kit/words'
import { type Line, roundTop } from '../../ui/chart'

/** What one chart shows of the server. */
export interface Chart {
  id: string
  title: string
  note: string
  lines: Line[]
  top: number
  show: (value: number) => string
}

const percent = new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 0 })
const perMille = new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 1 })
const fine = new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 })
const whole = new Intl.NumberFormat(locale(), { maximumFractionDigits: 0 })
const few = 10

/** A number as it is read: with a fraction where that says something. */
const number = (n: number): string => (n < few ? fine : whole).format(n)

const share = (n: number): string => (n * 100 < few ? perMille : percent).format(n)

/** All points of the charts, the last of them just now. */
export const points = (s: Samples): Sample[] => [...s.samples.filter(p => p.at < s.now.at), s.now]

/** The charts of the server, in their order. */
export function charts(s: Samples): Chart[] {
  const all = points(s)
  const line = (name: string, of: (p: Sample) => number): Line => ({ name, values: all.map(of) })
  const most = (lines: Line[]): number => Math.max(0, ...lines.flatMap(l => l.values))
  const counted = (id: string, title: string, note: string, ...lines: Line[]): Chart => ({ id, title, note, lines, top: roundTop(most(lines)), show: number })
  const storage = [line(t('Files'), p => p.storage)]
  return [
    { id: 'processor', title: t('Processor'), note: t('{n, plural, one {# processor} other {# processors} }', { n: s.cpus }), lines: [line(t('Machine'), p => p.busy), line(t('This server'), p => p.own)], top: 1, show: share },
    { id: 'memory', title: t('Memory'), note: t('of {size}', { size: bytes(s.memory) }), lines: [line(t('Machine'), p => p.memory), line(t('This server'), p => p.resident)], top: s.memory, show: bytes },
    counted('requests', t('Requests'), t('in a minute'), line(t('All'), p => p.requests), line(t('Failed'), p => p.failed)),
    counted('active', t('People active'), t('within five minutes'), line(t('People'), p => p.people)),
    counted('shares', t('Shares'), '', line(t('Shares'), p => p.shares)),
    { id: 'storage', title: t('Storage'), note: t('{free} of {size} are free on the disk', { free: bytes(s.free), size: bytes(s.disk) }), lines: storage, top: roundTop(most(storage), 1024), show: bytes },
  ]
}
