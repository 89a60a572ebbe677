import { effectScope } from 'vue'
import { expect, test } from 'vitest'
import { likeness, offered, useOffered } from './palette'

test('what is typed finds what has its letters in order, the nearest first', () => {
  const all = ['Move or copy to …', 'Make a favourite', 'Notifications', 'Favourites', 'Recent', 'Éditeur']
  const found = (typed: string): string[] => all.map(label => ({ label, like: likeness(typed, label) })).filter(f => f.like > 0).sort((a, b) => b.like - a.like).map(f => f.label)
  expect(found('fav')).toEqual(['Favourites', 'Make a favourite'])
  expect(found('mf')[0]).toBe('Make a favourite')
  expect(found('copy to')).toEqual(['Move or copy to …'])
  expect(found('edi')).toEqual(['Éditeur'])
  expect(found('xyz')).toEqual([])
  expect(found('')).toHaveLength(all.length)
})

test('offers go with what offers them', () => {
  const scope = effectScope()
  scope.run(() => useOffered(() => [{ id: 'a', label: 'A', icon: {}, run: () => undefined }]))
  expect(offered.value.map(c => c.id)).toEqual(['a'])
  scope.stop()
  expect(offered.value).toEqual([])
})
