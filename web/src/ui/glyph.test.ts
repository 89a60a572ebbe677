import { FileText, Folder, Star } from '@lucide/vue'
import { expect, test } from 'vitest'
import { type VNode, createSSRApp, h } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { glyph } from './glyph'

const attributes = async (node: VNode): Promise<string[]> =>
  (await renderToString(createSSRApp(() => node))).replace(/<!--.*?-->/g, '').split(/(?=<)/).map(tag => tag.split(/ (?=[\w-]+=)|>/).filter(part => part !== '').sort().join(' '))

test.each([[Folder, 24, 1.5], [Star, 18, 2], [FileText, 64, 1]])('an icon is drawn as Lucide draws it', async (icon, size, stroke) => {
  expect(await attributes(glyph(icon, size, stroke))).toEqual(await attributes(h(icon, { size, 'stroke-width': stroke, 'aria-hidden': 'true' })))
})

test('of another size it is another one', () => {
  expect(glyph(Star, 18).key).not.toBe(glyph(Star, 20).key)
})
