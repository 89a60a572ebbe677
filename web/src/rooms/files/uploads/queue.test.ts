import { expect, test } from 'vitest'
import { ApiError } from '../../../api/http'
import { items, rig, states } from './rig'
import { summed } from './sum'
import { type Item, chosen } from './walk'

test('files go up with the folders they need, each folder made once, some at a time', async () => {
  const { server, queue, upload } = rig()
  const all: Record<string, string> = { 'empty/': '' }
  for (let i = 0; i < 40; i++) all[`a/b${i % 3}/f${i}.txt`] = `${i}`
  await upload(all)
  expect(server.files.size).toBe(40)
  expect(server.files.get('/a/b1/f4.txt')).toBe('4')
  expect([...server.folders.keys()].sort()).toEqual(['/', '/a', '/a/b0', '/a/b1', '/a/b2', '/empty'])
  expect([server.made, server.busiest]).toEqual([5, 4])
  expect(summed(queue.jobs)).toMatchObject({ files: 40, done: 40, failed: [], part: 1 })
})

test('a name that is taken is asked about, and the answer is kept', async () => {
  const { server, queue, asked, upload } = rig(['keep', 'replace', 'skip'])
  await upload({ 'a.txt': 'old', 'b.txt': 'old', 'c.txt': 'old' })
  await upload({ 'a.txt': 'new', 'b.txt': 'new', 'c.txt': 'new' })
  expect(asked).toEqual(['/a.txt', '/b.txt', '/c.txt'])
  expect(Object.fromEntries(server.files)).toEqual({ '/a.txt': 'old', '/a (2).txt': 'new', '/b.txt': 'new', '/c.txt': 'old' })
  expect(states(queue)).toBe('done done skipped')
})

test('one answer can be for all', async () => {
  const { server, asked, upload } = rig(['replace'], true)
  await upload({ 'd/a': '1', 'd/b': '1', 'd/c': '1' })
  await upload({ 'd/': '', 'd/a': '2', 'd/b': '2', 'd/c': '2' })
  expect(asked).toHaveLength(1)
  expect([...server.files.values()]).toEqual(['2', '2', '2'])
})

test('a name that somebody else took in the meantime is asked about too', async () => {
  const { server, queue, asked, settled } = rig(['keep'])
  server.files.set('/a', 'theirs')
  await queue.add(items({ a: 'mine' }), '/', [])
  await settled()
  expect(asked).toEqual(['/a'])
  expect([server.files.get('/a'), server.files.get('/a (2)')]).toEqual(['theirs', 'mine'])
})

test('what passes is waited for, as long as the server asks', async () => {
  const { server, queue, upload } = rig()
  server.plan.set('/a', [new ApiError(0, 'no network'), new ApiError(503, 'busy', '', 60)])
  await upload({ a: 'x' })
  expect(states(queue)).toBe('done')
  expect(server.waits).toEqual([1000, 60_000])
})

test('an upload whose answer was lost is not asked about', async () => {
  const { server, queue, asked, upload } = rig()
  server.plan.set('/a', [new ApiError(0, 'lost')])
  await upload({ a: 'x' })
  expect([states(queue), asked]).toEqual(['done', []])
})

test('what fails is told with its reason, and can be tried again', async () => {
  const { server, queue, upload, settled, kept } = rig()
  server.plan.set('/full', [new ApiError(507, 'There is not enough room.')])
  server.plan.set('/down', Array.from({ length: 4 }, () => new ApiError(0, 'no network')))
  server.plan.set('/d', [new ApiError(403, 'not here')])
  await upload({ full: 'x', down: 'y', 'd/e/f': 'z', ok: '' })
  expect(queue.jobs.map(j => j.why)).toEqual(['There is not enough room.', 'no network', 'not here', ''])
  expect(summed(queue.jobs)).toMatchObject({ files: 1, done: 1, part: 1 })
  expect(summed(queue.jobs).failed).toHaveLength(3)
  expect(kept.size).toBe(3) // they can go on after a reload too
  queue.retry()
  await settled()
  expect(states(queue)).toBe('done done done done')
  expect(server.files.get('/d/e/f')).toBe('z')
})

test('a folder that cannot be made or read is told', async () => {
  const { server, queue, settled } = rig()
  server.plan.set('/d', [new ApiError(403, 'not here')])
  const all = async function* (): AsyncGenerator<Item> {
    yield { kind: 'folder', path: ['d'] }
    yield { kind: 'unreadable', path: ['x'] }
  }
  await queue.add(all(), '/', [])
  await settled()
  await new Promise(resolve => setTimeout(resolve))
  expect(queue.troubles).toEqual([{ path: '/x', why: 'It cannot be read on this device.' }, { path: '/d', why: 'not here' }])
})

test('cancelling stops what goes on and what waits, and a new upload begins afresh', async () => {
  const { server, queue, upload, settled } = rig()
  const all: Record<string, string> = {}
  for (let i = 0; i < 20; i++) all[`f${i}`] = 'x'
  const adding = queue.add(items(all), '/', [])
  await Promise.resolve()
  queue.cancel()
  await adding
  await settled()
  expect(queue.jobs.every(j => j.state === 'skipped')).toBe(true)
  expect(server.files.size).toBe(0)
  await upload({ again: 'y' })
  expect([states(queue), server.files.size]).toEqual(['done', 1])
})

test('a folder that was chosen comes with its folders', async () => {
  const file = (path: string): File => Object.defineProperty(new File([], path.slice(path.lastIndexOf('/') + 1)), 'webkitRelativePath', { value: path })
  const told: string[] = []
  for await (const item of chosen([file('a/b/c.txt'), file('a/b/d.txt'), new File([], 'loose')])) told.push(`${item.kind} ${item.path.join('/')}`)
  expect(told).toEqual(['folder a', 'folder a/b', 'file a/b/c.txt', 'file a/b/d.txt', 'file loose'])
})
