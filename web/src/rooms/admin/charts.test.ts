import { expect, test } from 'vitest'
import type { Sample, Samples } from '../../api/monitor'
import { charts, points } from './charts'

const sample = (over: Partial<Sample>): Sample => ({ at: 0, busy: 0, own: 0, memory: 0, resident: 0, requests: 0, failed: 0, people: 0, shares: 0, storage: 0, ...over })
const told = (some: Sample[], now: Sample): Samples => ({ host: 'a', started: '', cpus: 2, memory: 4096, disk: 10, free: 5, from: 0, to: 3600, step: 60, samples: some, now })

test('the last point is now, and stands once', () => {
  expect(points(told([sample({ at: 60 }), sample({ at: 120 })], sample({ at: 120, people: 3 }))).map(p => [p.at, p.people])).toEqual([[60, 0], [120, 3]])
})

test('each chart has room for its greatest value', () => {
  const all = charts(told([sample({ at: 60, requests: 70, storage: 1500 })], sample({ at: 90, requests: 1 })))
  expect(all.map(c => [c.id, c.top])).toEqual([['processor', 1], ['memory', 4096], ['requests', 80], ['active', 1], ['shares', 1], ['storage', 1536]])
  expect(all[2]?.lines.map(l => l.values)).toEqual([[70, 1], [0, 0]])
  expect([all[0]?.show(.257), all[2]?.show(3.21), all[2]?.show(1234.5)]).toEqual(['26%', '3.2', '1,235'])
})
