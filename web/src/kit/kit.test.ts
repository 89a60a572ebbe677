import { computed, nextTick, ref } from 'vue'
import { expect, test, vi } from 'vitest'
import { ApiError } from '../api/http'
import { NotConfirmed, confirmed, confirming } from './confirm'
import { bytes, counted, lasting, when } from './format'
import { filtered, sorted, typed } from './order'
import { clean, crumbs, fitted, freeName, join, objection, parentOf, split } from './paths'
import { Rate } from './rate'
import { useSelection } from './selection'

test('sizes', () => {
  expect([0, 1, 1023, 1024, 1536, 1024 ** 2 * 99.96, 1024 ** 2 * 150.4, 1024 ** 3 - 1, 1024 ** 4 * 2].map(bytes))
    .toEqual(['0 bytes', '1 byte', '1,023 bytes', '1 KB', '1.5 KB', '100 MB', '150 MB', '1 GB', '2 TB'])
})

test('numbers of things', () => {
  expect([counted(1, 'file'), counted(1234, 'file'), counted(2, 'entry', 'entries')]).toEqual(['1 file', '1,234 files', '2 entries'])
})

test('times at a glance', () => {
  const now = new Date(2026, 10, 22, 14, 30).getTime()
  const at = (...d: [number, number, number, number?, number?]): string => when(new Date(...d).getTime(), now)
  expect(when(now - 10_000, now)).toBe('now')
  expect(when(now - 5 * 60_000, now)).toBe('5 minutes ago')
  expect(at(2026, 10, 22, 9, 5)).toMatch(/^0?9:05/)
  expect(at(2026, 10, 21, 23, 59)).toBe('yesterday')
  expect(at(2026, 2, 3)).toMatch(/Mar/)
  expect(at(2024, 2, 3)).toMatch(/2024/)
  expect(at(2027, 2, 3)).toMatch(/2027/)
  expect(when(0, now)).toBe('–')
})

test('durations', () => {
  expect([0.2, 59, 60, 3599, 3600, 7500].map(lasting)).toEqual(['1 s', '59 s', '1 min', '1 h', '1 h', '2 h 5 min'])
})

test('paths', () => {
  expect([join('/', 'a'), join('/a', 'b')]).toEqual(['/a', '/a/b'])
  expect(['/a', '/a/b', '/'].map(parentOf)).toEqual(['/', '/a', '/'])
  expect(['', '/', 'a//b/', '/../a/./b'].map(clean)).toEqual(['/', '/', '/a/b', '/a/b'])
  expect(['a.txt', '.profile', 'a.tar.gz', 'plain', 'dot.'].map(n => split(n).extension)).toEqual(['.txt', '', '.gz', '', '.'])
  expect(crumbs('/a/b')).toEqual([{ name: 'a', path: '/a' }, { name: 'b', path: '/a/b' }])
  expect(fitted(crumbs('/a/b/c'), 2)).toEqual({ hidden: [{ name: 'a', path: '/a' }], shown: [{ name: 'b', path: '/a/b' }, { name: 'c', path: '/a/b/c' }] })
})

test('a free name counts up', () => {
  expect(freeName('a.txt', new Set())).toBe('a.txt')
  expect(freeName('a.txt', new Set(['a.txt', 'a (2).txt']))).toBe('a (3).txt')
})

test('names that cannot be', () => {
  expect(['', '  ', '.', '..', 'a/b', 'a\\b', 'ä'.repeat(128)].map(n => objection(n) !== '')).toEqual(Array.from({ length: 7 }, () => true))
  expect(['a', '…', 'ä'.repeat(127)].map(objection)).toEqual(['', '', ''])
})

const entry = (name: string, folder = false, size = 0, modified = 0) => ({ id: name, name, folder, size, modified })

test('folders come first, numbers count, the order goes either way', () => {
  const all = [entry('b10', false, 1), entry('a'), entry('b9', false, 2), entry('z', true), entry('Ä'), entry('y', true)]
  const names = (column: 'name' | 'size', down: boolean): string => sorted(all, { column, down }).map(e => e.name).join(' ')
  expect(names('name', false)).toBe('y z a Ä b9 b10')
  expect(names('name', true)).toBe('z y b10 b9 Ä a')
  expect(names('size', false)).toBe('y z a Ä b10 b9')
  expect(names('size', true)).toBe('y z b9 b10 a Ä')
})

test('many plain names are put in the same order as few', () => {
  const some = ['b10', 'B9', 'a 2.txt', 'a_1', 'a-1', 'a.1', '007', '7a', '10', 'IMG_0099.jpg', 'IMG_100.jpg', 'zz', 'Z y'].map(n => entry(n))
  const few = sorted(some, { column: 'name', down: false }).map(e => e.name)
  const lots = sorted([...some, ...Array.from({ length: 3000 }, (_, i) => entry(`x${i}`))], { column: 'name', down: false })
  expect(lots.map(e => e.name).filter(n => !/^x\d/.test(n)).filter(n => !/^a./.test(n))).toEqual(few.filter(n => !/^a./.test(n)))
  expect(lots.map(e => e.name).filter(n => /^x\d/.test(n)).slice(0, 12).join()).toBe('x0,x1,x2,x3,x4,x5,x6,x7,x8,x9,x10,x11')
})

test('the filter takes words, without case and accents', () => {
  const all = [entry('Übersicht Mai.ods'), entry('Mai.txt'), entry('Juni.ods')]
  expect(filtered(all, 'mai uber').map(e => e.name)).toEqual(['Übersicht Mai.ods'])
  expect(filtered(all, '  ')).toBe(all)
})

test('typing letters goes round', () => {
  const all = ['alpha', 'beta', 'Árpád'].map(n => entry(n))
  expect([typed(all, 'a', 1), typed(all, 'a', 0), typed(all, 'be', 2), typed(all, 'x', 0)]).toEqual([2, 0, 1, -1])
})

test('a speed is that of the last seconds', () => {
  const rate = new Rate()
  rate.mark(0, 0)
  expect(rate.perSecond).toBe(0)
  for (let s = 1; s <= 20; s++) rate.mark(s <= 10 ? s * 100 : 1000 + (s - 10) * 10, s * 1000)
  expect(rate.perSecond).toBeCloseTo(10)
  rate.mark(5, 21_000) // a new batch
  expect(rate.perSecond).toBe(0)
})

test('what is selected survives sorting and goes when its row goes', async () => {
  const all = ref([entry('a'), entry('b'), entry('c'), entry('d')])
  const chosen = useSelection(computed(() => all.value))
  const names = (): string => chosen.chosen.value.map(e => e.name).join('')
  chosen.go(1, 'only')
  chosen.go(3, 'range')
  expect(names()).toBe('bcd')
  chosen.go(2, 'range')
  expect(names()).toBe('bc')
  chosen.go(0, 'toggle')
  expect(names()).toBe('abc')
  chosen.go(9, 'move')
  expect([chosen.active.value, names()]).toEqual([3, 'abc'])

  all.value = [entry('d'), entry('c'), entry('a')]
  await nextTick()
  expect([chosen.active.value, names()]).toEqual([0, 'ca'])
  all.value = [entry('c')]
  await nextTick()
  expect([chosen.active.value, names()]).toEqual([0, 'c'])
  chosen.all()
  chosen.clear()
  expect(names()).toBe('')
})

test('what needs a confirmation is done after it, and only then', async () => {
  let fresh = false
  let tries = 0
  const act = async (): Promise<string> => {
    tries++
    if (!fresh) throw new ApiError(403, 'Password confirmation is required')
    return 'done'
  }
  const first = confirmed(act)
  const second = confirmed(act)
  await vi.waitUntil(() => confirming.value && tries === 2)
  fresh = true
  confirming.value?.answer(true)
  expect(await Promise.all([first, second])).toEqual(['done', 'done'])
  fresh = false
  const third = confirmed(act)
  await vi.waitUntil(() => confirming.value)
  confirming.value?.answer(false)
  await expect(third).rejects.toThrow(NotConfirmed)
  expect(confirming.value).toBeUndefined()
  await expect(confirmed(() => Promise.reject(new ApiError(403, 'You may not.')))).rejects.toThrow('You may not.')
})
