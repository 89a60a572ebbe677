import { expect, test } from 'vitest'
import { shortName } from './roles'

test('a role has a short name that commands can use', () => {
  expect(['Help desk', '  Büro & Empfang ', 'Prüfer', 'عربي', 'x'.repeat(70)].map(shortName)).toEqual(['help-desk', 'buro-empfang', 'prufer', '', 'x'.repeat(64)])
})
