import { expect, test } from 'vitest'
import type { Hit } from '../../api/search'
import { empty, filtersOf, nothing, placeOf, tidy } from './wanted'

const hit = (id: string, path = `/a/${id}`, folder = false): Hit => ({ id, title: id, detail: '', path, picture: '', family: '', folder, url: '' })

test('filters are named as the server does', () => {
  expect(filtersOf(nothing)).toEqual({})
  expect(filtersOf({ ...nothing, type: 'image', days: '7', person: 'ann', tag: '3', folder: '/x' }, 1_000_000_000_000))
    .toEqual({ type: 'image', since: String(1_000_000_000 - 7 * 86_400), person: 'ann', tag: '3', path: '/x' })
  expect(filtersOf({ ...nothing, folder: '/' })).toEqual({})
  expect([empty(nothing), empty({ ...nothing, term: ' ' }), empty({ ...nothing, tag: '3' })]).toEqual([true, true, false])
})

test('what was found twice is shown once, in the first group', () => {
  const groups = tidy([{ id: 'here', label: '', hits: [hit('1')] }, { id: 'files', label: '', hits: [hit('1'), hit('2')] }, { id: 'fulltextsearch', label: '', hits: [hit('2')] }])
  expect(groups.map(group => [group.id, group.hits.map(h => h.id)])).toEqual([['here', ['1']], ['files', ['2']]])
})

test('a find leads to its folder', () => {
  expect(placeOf(hit('7', '/a b/c.txt'))).toBe('/apps/files/files/7?dir=%2Fa%20b')
  expect(placeOf(hit('8', '/a b', true))).toBe('/apps/files/files?dir=%2Fa%20b')
})
