import { expect, test } from 'vitest'
import { ApiError } from '../../../api/http'
import { type Answer, Queue, type Transport } from './queue'
import { summed } from './sum'
import { type Item, chosen } from './walk'

/** A server in memory. plan says, for a path, the errors of its first uploads. */
class Memory implements Transport {
  readonly files = new Map<string, string>()
  readonly folders = new Map<string, Set<string>>([['/', new Set()]])
  readonly plan = new Map<string, ApiError[]>()
  readonly waits: number[] = []
  made = 0
  busy = 0
  busiest = 0

  #put(path: string): void {
    const at = path.lastIndexOf('/')
    const folder = this.folders.get(path.slice(0, at) || '/')
    if (!folder) throw new ApiError(409, 'no folder')
    folder.add(path.slice(at + 1))
  }

  async upload(path: string, file: File, overwrite: boolean, signal: AbortSignal, sent: (n: number) => void): Promise<void> {
    this.busiest = Math.max(this.busiest, ++this.busy)
    try {
      await Promise.resolve()
      signal.throwIfAborted()
      sent(file.size)
      const error = this.plan.get(path)?.shift()
      if (error?.message === 'lost') this.files.set(path, await file.text()) // it arrived, the answer did not
      if (error) throw error
      if (this.files.has(path) && !overwrite) throw new ApiError(412, 'taken')
      this.#put(path)
      this.files.set(path, await file.text())
    } finally {
      this.busy--
    }
  }

  async makeFolder(path: string): Promise<void> {
    this.made++
    const error = this.plan.get(path)?.shift()
    if (error) throw error
    if (this.folders.has(path)) throw new ApiError(405, 'there already')
    this.#put(path)
    this.folders.set(path, new Set())
  }

  async names(path: string): Promise<Set<string>> {
    const names = this.folders.get(path)
    if (!names) throw new ApiError(404, 'gone')
    return new Set(names)
  }

  async same(path: string, file: File): Promise<boolean> {
    return this.files.get(path) === (await file.text())
  }

  async pause(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.waits.push(ms)
  }
}

function rig(answers: Answer[] = [], forAll = false) {
  const server = new Memory()
  const asked: string[] = []
  let wake = (): void => undefined
  const queue = new Queue(server, {
    conflict: async path => {
      asked.push(path)
      return { answer: answers.shift() ?? 'skip', forAll }
    },
    changed: () => wake(),
    arrived: () => undefined,
  })
  const settled = (): Promise<void> => new Promise(resolve => {
    wake = () => {
      if (!queue.busy) resolve()
    }
    wake()
  })
  /** Uploads texts by their paths and waits for the end. */
  async function upload(all: Record<string, string>, into = '/'): Promise<void> {
    const names = await server.names(into)
    await queue.add(items(all), into, names)
    await settled()
  }
  return { server, queue, asked, upload, settled }
}

async function* items(all: Record<string, string>): AsyncGenerator<Item> {
  for (const [path, text] of Object.entries(all)) {
    if (path.endsWith('/')) yield { kind: 'folder', path: path.slice(0, -1).split('/') }
    else yield { kind: 'file', path: path.split('/'), file: new File([text], 'x') }
  }
}

const states = (queue: Queue): string => queue.jobs.map(j => j.state).join(' ')

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
  const { server, queue, upload, settled } = rig()
  server.plan.set('/full', [new ApiError(507, 'There is not enough room.')])
  server.plan.set('/down', Array.from({ length: 4 }, () => new ApiError(0, 'no network')))
  server.plan.set('/d', [new ApiError(403, 'not here')])
  await upload({ full: 'x', down: 'y', 'd/e/f': 'z', ok: '' })
  expect(queue.jobs.map(j => j.why)).toEqual(['There is not enough room.', 'no network', 'not here', ''])
  expect(summed(queue.jobs)).toMatchObject({ files: 1, done: 1, part: 1 })
  expect(summed(queue.jobs).failed).toHaveLength(3)
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
