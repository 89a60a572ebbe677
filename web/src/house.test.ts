import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

// The laws of the client, as internal/app holds those of the server.

const maxComponent = 200
const maxModule = 300
const floors = ['api', 'ui', 'kit', 'rooms', 'shell']
/** What the server and the client read both. */
const catalogues = '../../internal/base/tongue/languages/'

interface Source {
  path: string // from src/ on: 'rooms/files/room.ts'
  text: string
}

const sources: Source[] = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(path => /\.(ts|vue|css)$/.test(path))
  .map(path => ({ path, text: readFileSync(join('src', path), 'utf8') }))

const script = ({ path, text }: Source): string =>
  path.endsWith('.vue') ? [...text.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].map(m => m[1]).join('\n') : text
const template = ({ path, text }: Source): string => (path.endsWith('.vue') ? (/<template>[^]*<\/template>/.exec(text)?.[0] ?? '') : '')

/** Where an import leads, from src/ on; '' for packages. */
const target = (from: string, to: string): string => (to.startsWith('.') ? normalize(join(dirname(from), to)) : '')

function imports(source: Source): string[] {
  const found = ts.preProcessFile(script(source), true, true).importedFiles.map(f => f.fileName)
  return [...found, ...[...source.text.matchAll(/<style[^>]* src="([^"]*)"/g)].map(m => m[1] ?? '')]
}

function wrongImports(source: Source): string[] {
  const [floor = '', room = ''] = source.path.split('/')
  if (!floors.includes(floor)) return []
  return imports(source).filter(name => {
    const at = target(source.path, name)
    if (at === '') return floor === 'api' && name === 'vue'
    if (floor === 'kit' && at.startsWith(catalogues)) return false
    const [toFloor = '', toRoom = ''] = at.split('/')
    if (floor === 'ui' && toFloor === 'api') return true // what is shown knows no server
    if (floor === 'rooms' && toFloor === 'rooms') return room !== toRoom
    return floors.indexOf(toFloor) > floors.indexOf(floor) || !floors.includes(toFloor)
  }).map(name => `${source.path} imports ${name}`)
}

function anys(source: Source): string[] {
  const found: string[] = []
  const file = ts.createSourceFile('x.ts', script(source), ts.ScriptTarget.Latest)
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(`${source.path} says any in line ${file.getLineAndCharacterOfPosition(node.pos).line + 1}`)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

function long(source: Source): string[] {
  const lines = source.text.split('\n').length - 1
  const most = source.path.endsWith('.vue') ? maxComponent : maxModule
  return lines > most ? [`${source.path} has ${lines} lines, at most ${most}`] : []
}

/** What a strict content security policy would stop, or what would leave for a foreign host. */
function unsafe(source: Source): string[] {
  const rules: [RegExp, string, string][] = [
    [/\sstyle="/, template(source), 'a style in the markup'],
    [/\sv-html|innerHTML|insertAdjacentHTML|document\.write/, source.text, 'HTML made of text'],
    [/\beval\(|new Function\(|setTimeout\(['"`]/, script(source), 'code made of text'],
    [/@ts-ignore|@ts-expect-error|@ts-nocheck|\bas any\b/, source.text, 'a type that is not checked'],
    [/https?:\/\/(?!owncloud\.org\/ns|nextcloud\.org\/ns|www\.w3\.org\/)[a-z0-9.-]+/i, source.text, 'a foreign host'],
  ]
  return rules.filter(([pattern, text]) => pattern.test(text)).map(([, , what]) => `${source.path} contains ${what}`)
}

/** Styles that hold from left to right only: they are to say start and end, so that the page turns round with the script. */
function oneSided(source: Source): string[] {
  const css = source.path.endsWith('.css') ? source.text : [...source.text.matchAll(/<style[^>]*>([^]*?)<\/style>/g)].map(m => m[1]).join('\n')
  const rules = [
    /(?:margin|padding|border|inset)-(?:left|right)\b[^;]*;/g, /[{;\s](?:left|right):[^;]*;/g, /(?:text-align|float|clear): (?:left|right)/g, /translateX\([^)]*\)/g,
    /border-(?:top|bottom)-(?:left|right)-radius[^;]*;/g,
  ]
  const four = [...css.matchAll(/(?:margin|padding|inset): ([^\s;,]+) ([^\s;,]+) ([^\s;,]+) ([^\s;,]+);/g)].filter(m => m[2] !== m[4]).map(m => m[0])
  return [...rules.flatMap(rule => css.match(rule) ?? []), ...four].map(what => `${source.path} says ${what.trim()}`)
}

const ours = sources.filter(s => !s.path.endsWith('.test.ts'))
const fake = (path: string, text: string): Source => ({ path, text })

test('imports go down, and no room imports a room', () => {
  expect(ours.flatMap(wrongImports)).toEqual([])
  expect(wrongImports(fake('kit/x.ts', "import a from '../rooms/files/room'\nimport('../shell/App.vue')"))).toHaveLength(2)
  expect(wrongImports(fake('ui/x.vue', '<script setup lang="ts">\nimport type { Entry } from "../api/dav"\n</script>'))).toHaveLength(1)
  expect(wrongImports(fake('rooms/a/x.ts', "import b from '../b/y'"))).toHaveLength(1)
  expect(wrongImports(fake('rooms/a/x.ts', "import b from './y'\nimport c from '../../kit/z'"))).toEqual([])
})

test('nothing is of type any', { timeout: 60_000 }, () => {
  expect(sources.flatMap(anys)).toEqual([])
  expect(anys(fake('kit/x.ts', 'const many = 1\nlet a: any[]'))).toEqual(['kit/x.ts says any in line 2'])
})

test('files are short', () => {
  expect(sources.flatMap(long)).toEqual([])
  expect(long(fake('ui/x.vue', '\n'.repeat(maxComponent + 1)))).toHaveLength(1)
})

test('nothing needs a loose content security policy or a foreign host', () => {
  expect(ours.flatMap(unsafe)).toEqual([])
  expect(unsafe(fake('ui/x.vue', '<template><p style="color: red" v-html="x" /></template>'))).toHaveLength(2)
  expect(unsafe(fake('ui/x.css', '@import "https://fonts.example/x.css";'))).toHaveLength(1)
})

test('styles hold from right to left too', () => {
  expect(ours.flatMap(oneSided)).toEqual([])
  expect(oneSided(fake('ui/x.css', '.a { margin-left: 1px; left: 0; padding: 0 1px 0 2px; text-align: right; }'))).toHaveLength(4)
  expect(oneSided(fake('ui/x.css', '.a { margin-inline-start: 1px; inset-inline: 0; padding: 0 1px 0 1px; text-align: end; }'))).toEqual([])
})

test('the lock file names no registry, and no canvas for servers, which half of the platforms cannot install', () => {
  expect(readFileSync('package-lock.json', 'utf8')).not.toContain('"resolved"')
  expect(readFileSync('package-lock.json', 'utf8')).not.toContain('@napi-rs/canvas')
})
