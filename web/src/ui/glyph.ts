import { type Component, type FunctionalComponent, type VNode, h } from 'vue'

interface Drawing {
  name: string
  class: string
  parts: readonly [tag: string, attributes: Record<string, string>][]
}

/** What Lucide's components hand on to the one that draws. */
interface Told {
  icon: { name: string; aliases?: string[]; node: Drawing['parts'] }
}

const drawings = new WeakMap<object, Drawing>()

function drawingOf(icon: Component): Drawing {
  const known = drawings.get(icon)
  if (known) return known
  const { icon: { name, aliases = [], node } } = (icon as FunctionalComponent)({}, { attrs: {}, slots: {}, emit: () => undefined })?.props as unknown as Told
  const drawing = { name, class: ['lucide', ...[name, ...aliases].map(n => `lucide-${n}`)].join(' '), parts: node }
  drawings.set(icon, drawing)
  return drawing
}

const fixed = { xmlns: 'http://www.w3.org/2000/svg', viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true' }

/**
 * An icon as what it comes to in the end: for lists, where two components for each icon are
 * most of the work. Show it by <component :is>. It never changes: another one takes its place.
 * more are classes of its own.
 */
export function glyph(icon: Component, size: number, stroke = 2, more = ''): VNode {
  const { name, class: names, parts } = drawingOf(icon)
  return h('svg', { ...fixed, key: `${name} ${size} ${stroke} ${more}`, class: more === '' ? names : `${names} ${more}`, width: size, height: size, 'stroke-width': stroke }, parts.map(([tag, attributes]) => h(tag, attributes)))
}
