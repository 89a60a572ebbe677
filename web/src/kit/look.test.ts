import { expect, test, vi } from 'vitest'

vi.stubGlobal('document', { documentElement: { dataset: {} }, createElement: () => ({}) })
const { lookIn, words } = await import('./look')

test('a page made for everybody looks as this browser has kept it', () => {
  const look = { theme: 'dark', contrast: 'more', density: 'wide', motion: 'less', size: '125', underline: 'yes', letters: 'on', tour: 'done', role: 'view', expiry: 'never' } as const
  expect(lookIn(`a=b; atrium_theme=${words(look)}; c=d`)).toEqual({ theme: 'dark', contrast: 'more', motion: 'less', size: '125', underline: 'yes' })
  expect(lookIn('atrium_theme=light.77.<script>')).toEqual({ theme: 'light' })
  expect(lookIn('not_atrium_theme=dark')).toEqual({})
})
