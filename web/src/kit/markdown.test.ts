import { expect, test } from 'vitest'
import type { Block, Inline } from '../ui/written'
import { target } from './inline'
import { markdown } from './markdown'

/** A tree in one line: p(…), h1#id(…), b(…), a<where>(…). */
const inl = (all: readonly Inline[]): string => all.map(one => {
  if (typeof one === 'string') return one.replaceAll('\n', '⏎')
  switch (one.kind) {
    case 'code': return `\`${one.text}\``
    case 'break': return '<br>'
    case 'picture': return `img<${one.name}>(${one.alt})`
    case 'link': return `a<${one.to.kind[0]}:${one.to.at}>(${inl(one.children)})`
    default: return `${{ strong: 'b', emphasis: 'i', struck: 's' }[one.kind]}(${inl(one.children)})`
  }
}).join('')

const blk = (all: readonly Block[]): string => all.map(one => {
  switch (one.kind) {
    case 'heading': return `h${one.level}#${one.id}(${inl(one.children)})`
    case 'paragraph': return `p(${inl(one.children)})`
    case 'code': return `pre<${one.language}>(${one.text.replaceAll('\n', '⏎')})`
    case 'quote': return `q(${blk(one.blocks)})`
    case 'list': return `${one.first === null ? 'ul' : `ol<${one.first}>`}(${one.items.map(i => (i.done === undefined ? '' : i.done ? '[x]' : '[ ]') + blk(i.blocks)).join(';')})`
    case 'table': return `t<${one.sides.join(',')}>(${[one.head, ...one.rows].map(r => r.map(inl).join('|')).join(';')})`
    case 'rule': return 'hr'
  }
}).join(' ')

const read = (text: string): string => blk(markdown(text))

test('what stands in a line', () => {
  expect(read('a *b* **c** ***d*** _e_ __f__ ~~g~~ `h`')).toBe('p(a i(b) b(c) i(b(d)) i(e) b(f) s(g) `h`)')
  expect(read('snake_case_name 2 * 3 * 4 **open *half* ~no~')).toBe('p(snake_case_name 2 * 3 * 4 **open i(half) ~no~)')
  expect(read('**bold *in* it** and *a **b** c*')).toBe('p(b(bold i(in) it) and i(a b(b) c))')
  expect(read('a\\*b\\* &amp; &lt;i&gt; &#x41; &#0; &nope;')).toBe('p(a*b* & <i> A \ufffd &nope;)')
  expect(read('``a ` b`` ` c')).toBe('p(`a ` b` ` c)')
  expect(read('one  \ntwo\\\nthree\nfour<br/>five')).toBe('p(one<br>two<br>three⏎four<br>five)')
  expect(read('x <!-- gone --> y <script>alert(1)</script>')).toBe('p(x  y <script>alert(1)</script>)')
})

test('links and pictures', () => {
  expect(read('[a](https://x.example/y_z(1) "t") <https://e.example> <me@x.example> https://b.example/?q=1.')).toBe(
    'p(a<a:https://x.example/y_z(1)>(a) a<a:https://e.example>(https://e.example) a<a:mailto:me@x.example>(me@x.example) a<a:https://b.example/?q=1>(https://b.example/?q=1).)')
  expect(read('[the *plan*](docs/plan%20b.md) [b](#part) ![c](d.png) [![e](f.jpg)](g.pdf)')).toBe('p(a<f:docs/plan b.md>(the i(plan)) a<h:part>(b) img<d.png>(c) a<f:g.pdf>(img<f.jpg>(e)))')
  expect(read('[a][One] [one][] [one] [two]\n\n[ONE]: https://one.example "t"')).toBe('p(a<a:https://one.example>(a) a<a:https://one.example>(one) a<a:https://one.example>(one) [two])')
  expect(read('![far](https://x.example/a.png) ![up](../a.png) ![deep](b/a.png)')).toBe('p(far up deep)') // nothing is fetched from elsewhere
  expect(read('[a [b](c.md) d](e.md)')).toBe('p(a a<f:c.md>(b) d)')
})

test('headings, rules, code and quotes', () => {
  expect(read('# A b!\n## A b\nC\n===\n***\n- - -\nD\n---')).toBe('h1#a-b(A b!) h2#a-b-1(A b) h1#c(C) hr hr h2#d(D)')
  expect(read('```ts\nconst a = `b`\n\n  c\n```\n\n    indented\n      more\n\nend')).toBe('pre<ts>(const a = `b`⏎⏎  c) pre<>(indented⏎  more) p(end)')
  expect(read('~~~\nnever closed\n# no')).toBe('pre<>(never closed⏎# no)')
  expect(read('> a\nb\n> > c\n\n> d')).toBe('q(p(a⏎b) q(p(c))) q(p(d))')
  expect(read('<!-- a\ncomment -->\nafter\n\n#no\n\n#')).toBe('p(after) p(#no) h1#()')
})

test('lists and tasks', () => {
  expect(read('- a\n- b\n  - c\n\n    d\n- e\n\n1. x\n2. y\n')).toBe('ul(p(a);p(b) ul(p(c) p(d));p(e)) ol<1>(p(x);p(y))')
  expect(read('3) a\n   more\nlazy\n4) b')).toBe('ol<3>(p(a⏎more⏎lazy);p(b))')
  expect(read('- [ ] open\n- [x] done\n- [y] none\n* other')).toBe('ul([ ]p(open);[x]p(done);p([y] none)) ul(p(other))')
  expect(read('In the year\n1984. no list\n- yes')).toBe('p(In the year⏎1984. no list) ul(p(yes))')
})

test('tables', () => {
  expect(read('| a | b |\n|:--|--:|\n| 1 \\| 2 | *x* |\n| only |\n\nend')).toBe('t<start,end>(a|b;1 | 2|i(x);only|) p(end)')
  expect(read('a | b\n:-: | -\nc | d | e')).toBe('t<center,>(a|b;c|d)')
  expect(read('a | b\n--- | --- | ---')).toBe('p(a | b⏎--- | --- | ---)')
})

const bad = [
  'javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\tscript:alert(1)', 'java&#10;script:alert(1)', '&#106;avascript:alert(1)', 'javascript&colon;alert(1)', ' javascript:alert(1)',
  '\u0001javascript:alert(1)', 'data:text/html,<script>alert(1)</script>', 'data:image/svg+xml;base64,PHN2Zz4=', 'vbscript:x', 'file:///etc/passwd', 'blob:x', 'view-source:x', 'javascript%3Aalert(1)',
  '//evil.example', '\\\\evil.example', '/\\evil.example', '/remote.php/dav', 'a/../../b', '..', '%2e%2e/x', 'a%2f..%2fb', 'a\\b', 'https:evil.example', 'https://', 'mailto:a@b?bcc=c@d', 'mailto:', 'ftp://x.example', '', '#', '%', '%00', './/x',
]

test('addresses that must not be', () => {
  for (const address of bad) expect(target(address), address).toBeUndefined()
  for (const address of bad) {
    const tree = JSON.stringify(markdown(`[a](${address}) [b](<${address}>) ![c](${address}) <${address}> [d]\n\n[d]: ${address}`))
    expect(tree, address).not.toMatch(/"kind":"(link|picture)"/)
  }
})

test('HTML is text', () => {
  for (const html of ['<img src=x onerror=alert(1)>', '<a href="javascript:x">y</a>', '<svg/onload=alert(1)>', '</p><script>x</script>', '<iframe srcdoc="x">', '<style>*{}</style>']) {
    expect(JSON.parse(JSON.stringify(markdown(html)))).toEqual([{ kind: 'paragraph', children: [html] }])
  }
})

test('what is made to be slow or deep is not', () => {
  const n = 20_000
  const hard = [
    '['.repeat(n), `${'['.repeat(n)}${'](a)'.repeat(n)}`, '![['.repeat(n), '[a]('.repeat(n), '[](<'.repeat(n), '[a](b "'.repeat(n), '*'.repeat(n), '*a '.repeat(n), 'a* '.repeat(n), '*a _b '.repeat(n),
    `${'*a **b '.repeat(n)}${'c* '.repeat(n)}`, '_*~~'.repeat(n), '`'.repeat(n), Array.from({ length: 300 }, (_, i) => '`'.repeat(i + 1)).join(' '), '<'.repeat(n), '<!--'.repeat(n), '&'.repeat(n), '\\'.repeat(n), 'https://'.repeat(n),
    '> '.repeat(n), '- '.repeat(n), '1. '.repeat(n), '>'.repeat(n), '> - '.repeat(n), `${'- a\n'.repeat(n)}`, Array.from({ length: 500 }, (_, i) => `${' '.repeat(i * 2)}- a`).join('\n'), '#'.repeat(n), `# ${'#'.repeat(n)}a`, `# ${' '.repeat(n)}a`,
    '|'.repeat(n), `${'a|'.repeat(n)}\n${'-|'.repeat(n)}\n${'b|\n'.repeat(1000)}`, `${'-'.repeat(n)}|`, '- - '.repeat(n), `${' '.repeat(n)}a`, '\n'.repeat(n), '\u0000'.repeat(n), '[a]: b\n'.repeat(n), `[${'a'.repeat(n)}]: b`, `${'*'.repeat(n)}a${'*'.repeat(n)}`, '~~~~\n'.repeat(n), '\ud800'.repeat(n),
  ]
  for (const text of hard) {
    const began = performance.now()
    const depth = (value: unknown): number => (typeof value === 'object' && value !== null ? 1 + Math.max(0, ...[...Object.values(value)].slice(0, 2000).map(depth)) : 0)
    expect(depth(markdown(text)), text.slice(0, 20)).toBeLessThan(150)
    expect(performance.now() - began, `${text.slice(0, 20)} (${text.length})`).toBeLessThan(1500)
  }
})
