import { shallowRef } from 'vue'
import { expect, test, vi } from 'vitest'
import type { Entry } from '../../api/dav'
import { look } from '../../kit/look'
import { fileActions } from './actions/actions'
import { downloadOf } from './actions/download'
import { naming } from './actions/remove'
import { kindOf } from '../../kit/kinds'
import { letterOf, useKeys } from './keys'
import { fits } from './moves'
import { filesOf } from './shared'

vi.hoisted(() => vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined }))
vi.mock('../../kit/look', async () => ({ look: (await import('vue')).reactive({ letters: 'on' }) }))
vi.mock('../../kit/person', () => ({ who: { value: { id: 'al', name: 'Al' } } }))

const entry = (name: string, more: Partial<Entry> = {}): Entry => ({
  id: name, name, path: `/in/${name}`, folder: false, size: 1, modified: 0, etag: '', mime: '', mayRename: true, mayDelete: true, mayCreate: true, mayShare: true, own: true, favourite: false, preview: false, ...more,
})
const folder = entry('d', { folder: true })

test('a file is downloaded as it is, more as an archive', () => {
  expect(downloadOf('al', [entry('a b')], false)).toBe('/remote.php/dav/files/al/in/a%20b')
  expect(downloadOf('al', [folder], false)).toBe('/remote.php/dav/files/al/in/d?accept=zip')
  expect(downloadOf('al', [entry('a'), folder], false)).toBe('/remote.php/dav/files/al/in?accept=zip&files=%5B%22a%22%2C%22d%22%5D')
  expect(downloadOf('al', [entry('a'), folder], true)).toBe('/remote.php/dav/files/al/in?accept=zip')
})

test('only what is possible is offered', () => {
  const did: string[] = []
  const actions = fileActions({
    open: e => did.push(`open ${e.name}`), download: all => did.push(`download ${all.length}`), rename: e => did.push(`rename ${e.name}`),
    remove: all => did.push(`delete ${all.length}`), details: () => did.push('details'),
    favour: all => did.push(`favour ${all.length}`), carry: all => did.push(`carry ${all.length}`),
  })
  const offered = (...all: Entry[]): string => actions.filter(a => a.enabled(all)).map(a => a.id).join(' ')
  expect(offered()).toBe('')
  expect(offered(folder)).toBe('open download favourite rename move details delete')
  expect(offered(entry('a'))).toBe('open download favourite rename move details delete')
  expect(offered(entry('a'), folder)).toBe('download favourite move details delete')
  expect(offered(entry('a', { mayRename: false, mayDelete: false }))).toBe('open download favourite move details')
  for (const action of actions) action.run([folder])
  expect(did).toEqual(['open d', 'download 1', 'favour 1', 'favour 1', 'rename d', 'carry 1', 'details', 'delete 1'])
})

test('a question names what goes, but not endlessly', () => {
  const many = (n: number): Entry[] => Array.from({ length: n }, (_, i) => entry(`${i}`))
  expect(naming(many(6))).toEqual({ names: ['0', '1', '2', '3', '4', '5'], more: 0 })
  expect(naming(many(7))).toEqual({ names: ['0', '1', '2', '3', '4'], more: 2 })
})

test('things look like what they are', () => {
  const word = (name: string, mime = ''): string => kindOf({ folder: false, name, mime }).word
  expect([word('a.PDF'), word('a.xlsx'), word('a', 'image/png'), word('a.bin'), word('.zip')]).toEqual(['text', 'spreadsheet', 'picture', 'file', 'file'])
  expect(kindOf(folder).word).toBe('folder')
})

/** Presses keys on a list of three and writes down what happens. */
function pressing(across = 1) {
  const rows = [entry('alpha'), entry('beta'), entry('berta')]
  const log: string[] = []
  const active = shallowRef(0)
  let time = 0
  const keys = useKeys({
    rows: () => rows,
    selection: {
      active, chosen: shallowRef([]) as never, has: () => false,
      go: (i, how) => { active.value = i; log.push(`${how} ${i}`) }, all: () => log.push('all'), clear: () => log.push('clear'), show: () => undefined, hold: () => undefined,
    },
    page: () => 2,
    columns: () => across,
    leftward: () => false,
    act: id => log.push(id),
    openActive: () => log.push('open'),
    up: () => log.push('up'),
  })
  return (key: string, held: Partial<KeyboardEvent> = {}, after = 2000): string => {
    log.length = 0
    time += after
    const plain = { key, timeStamp: time, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, preventDefault: () => undefined, ...held }
    return keys(plain as KeyboardEvent) ? log.join() : 'nothing'
  }
}

test('keys do what the help says', () => {
  const press = pressing()
  expect([press('ArrowDown'), press('End'), press('Home'), press('PageDown'), press('PageUp')]).toEqual(['only 1', 'only 2', 'only 0', 'only 2', 'only 0'])
  expect([press('ArrowDown', { shiftKey: true }), press('ArrowUp', { ctrlKey: true }), press(' '), press(' ', { ctrlKey: true })])
    .toEqual(['range 1', 'move 0', 'toggle 0', 'toggle 0'])
  expect([press('a', { ctrlKey: true }), press('Escape'), press('Enter'), press('Backspace'), press('ArrowUp', { altKey: true })])
    .toEqual(['all', 'clear', 'open', 'up', 'up'])
  expect([press('F2'), press('Delete')]).toEqual(['rename', 'delete'])
  expect([press('/'), press('?'), press('Tab'), press('c', { ctrlKey: true }), press('ArrowLeft', { altKey: true })])
    .toEqual(['nothing', 'nothing', 'nothing', 'nothing', 'nothing'])
})

test('in a grid, arrows go in two dimensions', () => {
  const press = pressing(2)
  expect([press('ArrowRight'), press('ArrowDown'), press('ArrowUp'), press('ArrowLeft'), press('ArrowUp')]).toEqual(['only 1', 'only 3', 'only 1', 'only 0', 'only 0'])
  expect(pressing()('ArrowRight')).toBe('nothing')
})

test('letters with a meaning of their own begin no name, unless they are switched off', async () => {
  const press = pressing()
  expect([press('d'), press('s'), press('b'), press('d', {}, 100)]).toEqual(['nothing', 'nothing', 'only 1', ''])
  Object.assign(look, { letters: 'off' })
  expect(press('d')).toBe('')
  Object.assign(look, { letters: 'on' })
  expect(letterOf({ key: 'N', ctrlKey: false, metaKey: false, altKey: false } as KeyboardEvent)).toBe('new-folder')
})

test('letters typed at one breath are one name', () => {
  const press = pressing()
  expect([press('b'), press('e', {}, 100), press('r', {}, 100)]).toEqual(['only 1', 'only 1', 'only 2'])
  expect(press('b')).toBe('only 1')
  expect(press('B')).toBe('only 2')
  expect(press('x')).toBe('')
  expect([press('b'), press('Home', {}, 100), press(' ', {}, 100)]).toEqual(['only 1', 'only 0', 'toggle 0'])
})

test('a folder does not go into itself, and nothing moves to where it is', () => {
  expect([fits([folder], '/in/d', 'copy'), fits([folder], '/in/d/e', 'move'), fits([folder], '/in/dd', 'move')]).toEqual([false, false, true])
  expect([fits([entry('a')], '/in', 'move'), fits([entry('a')], '/in', 'copy'), fits([], '/x', 'move')]).toEqual([false, true, false])
})

test('what other programs share becomes files: words and addresses one of their own', () => {
  const of = (files: File[], title: string, text: string, url: string): string[] => filesOf({ id: '1', at: 5, files, title, text, url }, 'Shared').map(f => f.name)
  const picture = new File(['x'], 'a.png')
  expect(of([picture], '', '', '')).toEqual(['a.png'])
  expect(of([picture], 'A picture', '', '')).toEqual(['a.png'])
  expect(of([], 'A: b/c', 'words', 'https://x')).toEqual(['A b c.txt'])
  expect(of([], '', '', 'https://x')).toEqual(['Shared.txt'])
  expect(of([], '..', 'x', '')).toEqual(['Shared.txt'])
  expect(of([picture], '../../secret', 'x', '')).toEqual(['a.png', 'secret.txt'])
  expect(of([], '', '', '')).toEqual([])
})
