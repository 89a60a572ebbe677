import { expect, test } from 'vitest'
import { pageIn } from './search'

test('a page of finds is read, and whether there are more', () => {
  const entry = { title: 'plan.md', subline: 'in work', icon: '/core/img/filetypes/text.svg', resourceUrl: '/f/7', thumbnailUrl: '/core/preview?fileId=7', attributes: { fileId: '7', path: '/house/plan.md' } }
  const folder = { title: 'plans', icon: '/core/img/filetypes/folder-shared.svg', attributes: [] }
  const page = pageIn({ isPaginated: true, cursor: 2, entries: [entry, folder] }, 2)
  expect(page.next).toBe('2')
  expect(page.hits[0]).toEqual({ id: '7', title: 'plan.md', detail: 'in work', path: '/house/plan.md', picture: '/core/preview?fileId=7', family: 'text', folder: false, url: '/f/7' })
  expect(page.hits[1]).toMatchObject({ id: '', folder: true })
  expect(pageIn({ isPaginated: true, cursor: 5, entries: [entry] }, 5).next).toBe('')
  expect(pageIn({ isPaginated: false, cursor: null, entries: [entry] }, 1).next).toBe('')
})
