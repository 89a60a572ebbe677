import { expect, test } from 'vitest'
import { ApiError } from '../../../api/http'
import { items, rig, states } from './rig'
import { matched } from './shelf'
import { lined, reported, summed } from './sum'

test('ten thousand files in five hundred folders, with the network cut twice: each arrives exactly once and nothing is silent', async () => {
  const { server, queue, upload, kept, twice } = rig()
  server.cuts = [1500, 7000]
  const lost = ['/d3/s1/f14.txt', '/d9/s4/f3.txt']
  for (const path of lost) server.plan.set(path, [new ApiError(0, 'lost')]) // they arrive, their answers do not
  server.plan.set('/d7/s2/f11.txt', [new ApiError(507, 'full')])
  server.plan.set('/d8/s3', [new ApiError(403, 'not here')])
  const all: Record<string, string> = {}
  for (let d = 0; d < 50; d++) for (let s = 0; s < 10; s++) for (let f = 0; f < 20; f++) all[`d${d}/s${s}/f${f}.txt`] = `${d} ${s} ${f}`
  await upload(all)
  expect(Object.keys(all)).toHaveLength(10_000)
  expect(server.cuts).toEqual([])
  const sum = summed(queue.jobs)
  expect([queue.jobs.length, sum.done, sum.failed.length, sum.going + sum.paused + sum.skipped]).toEqual([10_000, 9979, 21, 0])
  expect(new Set(sum.failed.map(job => job.why))).toEqual(new Set(['full', 'not here']))
  expect(server.files.size).toBe(9979)
  expect([...server.arrived.values()].filter(n => n !== 1)).toEqual([])
  expect(server.made).toBe(50 + 500)
  expect([kept.size, twice]).toEqual([21, []])
  const report = reported(queue.jobs, queue.troubles, { done: 'Done', skipped: 'Left out', failed: 'Not uploaded' })
  expect(report.split('\n').filter(line => line.includes('\t'))).toHaveLength(21)
  expect(report).toContain('/d7/s2/f11.txt\tfull')
  expect(lined(queue.jobs).slice(0, 21).every(job => job.state === 'failed')).toBe(true)
}, 30_000)

test('one is paused while the others go on, goes on later, and arrives once', async () => {
  const { server, queue, settled } = rig()
  let open = (): void => undefined
  server.gate = new Promise(resolve => (open = resolve))
  await queue.add(items({ a: '1', b: '2', c: '3', d: '4', e: '5', f: '6' }), '/', [])
  const id = (name: string): string => queue.jobs.find(job => job.path === `/${name}`)?.id ?? ''
  queue.pause(id('a')) // under way
  queue.pause(id('f')) // waiting
  queue.pause(id('b'))
  queue.resume(id('b')) // before its first try is over
  open()
  await settled()
  expect(states(queue)).toBe('paused done done done done paused')
  queue.resume()
  await settled()
  expect([states(queue), server.files.size, [...server.arrived.values()]]).toEqual(['done done done done done done', 6, [1, 1, 1, 1, 1, 1]])
})

test('all are held and go on; one that is cancelled is forgotten on the server', async () => {
  const { server, queue, settled, kept } = rig()
  const all: Record<string, string> = {}
  for (let i = 0; i < 20; i++) all[`f${i}`] = 'x'
  const adding = queue.add(items(all), '/', [])
  await Promise.resolve()
  queue.pause()
  await adding
  await settled()
  expect(new Set(queue.jobs.map(job => job.state))).toEqual(new Set(['paused']))
  queue.cancel(queue.jobs[0]?.id)
  queue.resume()
  await settled()
  expect([summed(queue.jobs).done, summed(queue.jobs).skipped, server.files.size, kept.size]).toEqual([19, 1, 19, 0])
})

test('what another page left goes on, and what had arrived already is not asked about', async () => {
  const { server, queue, asked, settled } = rig()
  server.folders.get('/')?.add('there')
  server.files.set('/there', 'x')
  queue.adopt(['there', 'new'].map(name => ({ id: `old-${name}`, path: `/${name}`, file: new File(['x'], name), overwrite: false, folder: '/' })))
  await settled()
  expect([states(queue), asked, [...server.arrived.keys()]]).toEqual(['done done', [], ['/new']])
})

test('files that were chosen again are known by name, size and time', () => {
  const kept = (name: string, modified: number, file?: File) => ({ id: name, session: 's', user: 'u', path: `/${name}`, folder: '/', overwrite: false, name, size: 1, modified, ...(file ? { file } : {}) })
  const again = (name: string, lastModified: number): File => new File(['x'], name, { lastModified })
  const { found, missing } = matched([kept('a', 5), kept('b', 5), kept('c', 5, again('c', 5))], [again('a', 5), again('b', 6)])
  expect([found.map(f => f.id), missing.map(m => m.id)]).toEqual([['a', 'c'], ['b']])
})
