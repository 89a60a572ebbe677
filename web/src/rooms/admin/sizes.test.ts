import { expect, test } from 'vitest'
import { sizeFor } from './sizes'

test('a bound is typed as exactly as it is', () => {
  expect([-3, 0, 1000, 1024, 10 * 1024 ** 3, 1536].map(sizeFor)).toEqual(['none', '0', '1000', '1 KB', '10 GB', '1536'])
})
