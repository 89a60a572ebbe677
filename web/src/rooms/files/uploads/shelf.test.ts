import { expect, test, vi } from 'vitest'
import type { Job } from './job'
import { type Kept, Shelf } from './shelf'

/** A database in memory with one store. */
function database(): Map<string, Kept> {
  const kept = new Map<string, Kept>()
  const soon = <T extends object>(request: T, event: 'onsuccess' | 'oncomplete'): T => {
    setTimeout(() => (request as Record<string, (() => void) | undefined>)[event]?.())
    return request
  }
  const objectStore = () => ({
    put: (record: Kept) => kept.set(record.id, record),
    delete: (id: string) => kept.delete(id),
    getAll: () => soon({ result: [...kept.values()] }, 'onsuccess'),
  })
  vi.stubGlobal('navigator', {})
  vi.stubGlobal('indexedDB', { open: () => soon({ result: { transaction: () => soon({ objectStore }, 'oncomplete') } }, 'onsuccess') })
  return kept
}

const mega = 1024 * 1024
const job = (id: string, size: number): Job => ({
  id, path: `/${id}`, folder: '/', file: { name: id, size, lastModified: 0 } as File, state: 'waiting', sent: 0, why: '', overwrite: false, begun: false,
})

test('small files are kept as long as there is room, once each, and make room when they are done', async () => {
  const kept = database()
  const shelf = new Shelf('al')
  const withFile = (): string[] => [...kept.values()].filter(k => k.file).map(k => k.id)
  const all = Array.from({ length: 64 }, (_, i) => `f${i}`)
  for (const id of all.slice(1)) for (let again = 0; again < 3; again++) shelf.keep(job(id, 4 * mega))
  shelf.keep(job('large', 5 * mega))
  await expect.poll(() => kept.size).toBe(64)
  expect(withFile(), 'what is kept again counts once').toEqual(all.slice(1))

  shelf.keep(job('f0', 4 * mega))
  shelf.keep(job('late', 1))
  await expect.poll(() => kept.size).toBe(66)
  expect([kept.get('f0')?.file !== undefined, kept.get('late')?.file]).toEqual([true, undefined])

  shelf.forget('f1')
  shelf.forget('large') // took no room
  shelf.keep(job('late', 4 * mega))
  await expect.poll(() => kept.size).toBe(64)
  expect(kept.get('late')?.file?.size).toBe(4 * mega)
})
