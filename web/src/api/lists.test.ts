import { expect, test } from 'vitest'
import { creatorIn } from './templates'

test('templates keep their own extension', () => {
  const said = { label: 'New text file', extension: '.md', templates: [{ templateId: '/Templates/Letter.txt', basename: 'Letter.txt' }, { templateId: '/Templates/plain', basename: 'plain' }] }
  expect(creatorIn(said).templates).toEqual([
    { id: '/Templates/Letter.txt', name: 'Letter.txt', extension: '.txt' },
    { id: '/Templates/plain', name: 'plain', extension: '.md' },
  ])
})
