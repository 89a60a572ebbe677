import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { NodeTypes, type RootNode, type TemplateChildNode, parse as parseTemplate } from '@vue/compiler-dom'
import { type Piece, parse as parseMessage } from './kit/message'

// What people read goes through t(), and t() is given texts that can be found by reading the source.

interface Text {
  where: string
  text: string
}

interface Found {
  /** Texts that are said by t(). */
  said: Text[]
  /** Texts that people may read without it. */
  bare: Text[]
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(path => /\.(ts|vue)$/.test(path) && !path.endsWith('.test.ts'))
  .map(path => ({ path, text: readFileSync(join('src', path), 'utf8') }))

/** Attributes whose plain value is read by people, of elements and of our components. */
const readable = /^(aria-label|aria-description|title|label|placeholder|alt|text|heading|hint|summary|name-label|confirm|cancel|close-label|legend|caption|message|action|more)$/

/** Names of what is called or set with texts: complain('…'), { label: '…' }. */
const telling = /^(complain|tell|label|title|heading|text|hint|why|what|placeholder|description|summary|caption)$/

const product = 'Atrium'
const letters = /\p{L}{2}/u
/** Looks like something to read: a word with a capital, or several words. */
const prose = /^\p{Lu}\p{Ll}|\p{L}\s+\p{L}/u
/** Can hardly be anything else: a single word with a capital, or words of which the first has one. */
const plain = /^\p{Lu}\p{Ll}+[.!?…]?$|^\p{Lu}[\p{Ll}’']*\s+[\p{L}’']{2}/u

/** What the api floor says of errors: kit/notices has it translated as it comes. */
const ofErrors = sources.filter(s => s.path.startsWith('api/')).flatMap(s => [...s.text.matchAll(/new ApiError\(\d+, '((?:[^'\\]|\\.)+)'|\d{3}: '((?:[^'\\]|\\.)+)'|^export const noConnection = '(.+)'|\w+Error: '(.+)'/gm)])
  .map(m => m.slice(1).find(Boolean) ?? '')
/** Whether the api floor says it of an error, or names a header so. */
const ofApi = (text: string): boolean => ofErrors.includes(text) || !/\s/.test(text)

function inScript(code: string, where: string, strict: boolean, found: Found): void {
  const file = ts.createSourceFile('x.ts', code, ts.ScriptTarget.Latest, true)
  const visit = (node: ts.Node, ours = false): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 't') {
      const [first, ...rest] = node.arguments
      if (first && ts.isStringLiteralLike(first)) found.said.push({ where, text: first.text })
      else found.bare.push({ where, text: `t(${first?.getText() ?? ''}), which is no literal` })
      rest.forEach(r => visit(r))
      return
    }
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isLiteralTypeNode(node)) return
    const forUs = ours || ts.isThrowStatement(node) || (ts.isNewExpression(node) && /(Error|Exception)$/.test(node.expression.getText())) // read by who mends it
    if (!forUs && (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))) {
      const bare = strict ? prose.test(node.text) : (prose.test(node.text) && told(node)) || (plain.test(node.text) && !forMachines(node) && !(where.startsWith('api/') && ofApi(node.text)))
      if (letters.test(node.text) && bare) found.bare.push({ where, text: node.text })
    }
    ts.forEachChild(node, child => visit(child, forUs))
  }
  visit(file)
}

/** Whether a literal is given to something that tells people. */
function told(node: ts.Node): boolean {
  for (let at = node.parent; at && !ts.isStatement(at); at = at.parent) {
    if (ts.isCallExpression(at) && telling.test(at.expression.getText())) return true
    if (ts.isPropertyAssignment(at) && telling.test(at.name.getText())) return true
  }
  return false
}

/** What is compared, looked up, or the name of something: of a property, a key on the keyboard, a file to load. */
function forMachines(node: ts.Node): boolean {
  let at = node.parent
  while (ts.isConditionalExpression(at) || ts.isParenthesizedExpression(at)) at = at.parent
  if (ts.isTemplateSpan(at)) return true // goes on with what stands before
  if (ts.isPropertyAssignment(at) && at.name === node) return true
  if (ts.isCaseClause(at) || (ts.isBinaryExpression(at) && /^[!=]==$/.test(at.operatorToken.getText()))) return true
  if (ts.isCallExpression(at)) return /(^super|\.(get|has|includes|startsWith|endsWith|indexOf|test))$/.test(at.expression.getText())
  for (let up = at; !ts.isStatement(up) && up.parent; up = up.parent) if (ts.isPropertyAssignment(up) && /^(keys?|id)$/.test(up.name.getText())) return true
  return false
}

function inTemplate(root: RootNode, where: string, found: Found): void {
  const visit = (node: TemplateChildNode): void => {
    if (node.type === NodeTypes.TEXT && letters.test(node.content) && node.content.trim() !== product) found.bare.push({ where, text: node.content.trim() })
    if (node.type === NodeTypes.INTERPOLATION) inScript(node.content.loc.source, where, true, found)
    if (node.type !== NodeTypes.ELEMENT) return
    for (const prop of node.props) {
      if (prop.type === NodeTypes.ATTRIBUTE) {
        if (readable.test(prop.name) && prop.value && letters.test(prop.value.content)) found.bare.push({ where, text: `${prop.name}="${prop.value.content}"` })
      } else if (prop.exp && prop.name !== 'for' && prop.name !== 'slot') {
        inScript(`(${prop.exp.loc.source})`, where, true, found)
      }
    }
    if (node.tag !== 'code' && node.tag !== 'kbd') node.children.forEach(visit)
  }
  root.children.forEach(visit)
}

function texts(path: string, source: string): Found {
  const found: Found = { said: [], bare: [] }
  if (!path.endsWith('.vue')) {
    inScript(source, path, false, found)
    return found
  }
  for (const [, code] of source.matchAll(/<script[^>]*>([^]*?)<\/script>/g)) inScript(code ?? '', path, false, found)
  const template = /^<template>\n([^]*?)^<\/template>/m.exec(source)?.[1]
  if (template) inTemplate(parseTemplate(template), path, found)
  return found
}

const all = sources.map(({ path, text }) => texts(path, text))

test('what people read goes through t()', () => {
  expect(all.flatMap(f => f.bare).map(({ where, text }) => `${where}: ${text}`)).toEqual([])
})

test('what is bare is found', () => {
  const bare = (path: string, text: string): string[] => texts(path, text).bare.map(b => b.text)
  const page = (markup: string): string => `<template>\n${markup}\n</template>\n`
  expect(bare('a.vue', page('<p>Hello <b>{{ name }}</b></p><code>PROPFIND</code>'))).toEqual(['Hello'])
  expect(bare('a.vue', page('<AppDialog label="Delete" kind="danger" :title="`Delete ${name}`" />'))).toEqual(['label="Delete"', 'Delete '])
  expect(bare('a.vue', page("{{ n === 1 ? 'One file' : t('Many files') }}{{ t(key) }}"))).toEqual(['One file', 't(key), which is no literal'])
  expect(bare('a.ts', "const rows = [['Kind', a ? 'Folder' : ''], ['mime', 'All files'], [t('Size'), 'Gone.']]")).toEqual(['Kind', 'Folder', 'All files', 'Gone.'])
  expect(bare('a.ts', "if (key === (alt ? 'Enter' : 'Page Up') || types.includes('Files')) go({ key: 'Delete', 'Home': 1, id: 'Sun' }, `${name}Scope`, 'LiberationSans.ttf', 'ArrowUp', 'x y')")).toEqual([])
  expect(bare('api/a.ts', "send({ headers: { Accept: 'Json', 'Content-Type': 'text/xml' } }); const name = 'Somebody who is gone'")).toEqual(['Somebody who is gone'])
  expect(bare('a.ts', "complain('It failed.', e); tell(t('Done.')); const a = { label: 'Go', icon: Sun, id: 'Sun' }; throw new Error('It is broken')")).toEqual(['It failed.', 'Go'])
})

test('what is said is in ICU’s syntax', () => {
  for (const { where, text } of all.flatMap(f => f.said)) expect(() => parseMessage(text), where).not.toThrow()
})

const catalogues = '../internal/base/tongue/languages'
const languages = readdirSync(catalogues).filter(name => !name.includes('.'))
const catalogue = (language: string): Record<string, string> => JSON.parse(readFileSync(join(catalogues, language, 'web.json'), 'utf8')) as Record<string, string>

/** What is filled into a message, and how. */
function slots(pieces: readonly Piece[], into = new Set<string>()): Set<string> {
  for (const piece of pieces) {
    if (typeof piece === 'string' || piece.kind === 'count') continue
    into.add(piece.name)
    if (piece.kind === 'plural' || piece.kind === 'select') for (const inner of piece.cases.values()) slots(inner, into)
  }
  return into
}

/** The plural cases that a language has and a message leaves out, or has and the language does not. */
function wrongCases(pieces: readonly Piece[], language: string): string[] {
  const has = new Intl.PluralRules(language).resolvedOptions().pluralCategories
  return pieces.flatMap(piece => {
    if (typeof piece === 'string' || (piece.kind !== 'plural' && piece.kind !== 'select')) return []
    const inner = [...piece.cases.values()].flatMap(c => wrongCases(c, language))
    if (piece.kind === 'select') return inner
    const given = [...piece.cases.keys()].filter(c => !c.startsWith('='))
    return [...inner, ...given.filter(c => !has.some(h => h === c)).map(c => `has ${c}`), ...has.filter(c => c !== 'many' || language === 'ar').filter(c => !given.includes(c)).map(c => `lacks ${c}`)]
  })
}

/** What is the matter with a translation; '' for nothing. */
function fault(language: string, english: string, text: string): string {
  const [from, to] = [parseMessage(english), parseMessage(text)]
  const [given, used] = [slots(from), slots(to)]
  const missing = [...given].filter(s => !used.has(s)).map(s => `lacks {${s}}`)
  return [...missing, ...[...used].filter(s => !given.has(s)).map(s => `has {${s}}`), ...wrongCases(to, language), ...(text.trim() === '' ? ['says nothing'] : [])].join(', ')
}

for (const language of languages) {
  test(`every text is there in ${language}, and nothing else is`, () => {
    const has = catalogue(language)
    const needed = new Set([...all.flatMap(f => f.said).map(s => s.text), ...ofErrors])
    expect([...needed].filter(text => !(text in has)), 'missing').toEqual([])
    expect(Object.keys(has).filter(text => !needed.has(text)), 'stale').toEqual([])
  })

  test(`what is said in ${language} has the same things filled in, and the plurals of the language`, () => {
    expect(Object.entries(catalogue(language)).map(([english, text]) => [english, fault(language, english, text)]).filter(([, wrong]) => wrong !== '')).toEqual([])
  })
}

test('a wrong translation is found', () => {
  expect(fault('de', 'Deleted {name}.', 'Gelöscht.')).toBe('lacks {name}')
  expect(fault('de', '{n, plural, one {# file} other {# files}}', '{n, plural, one {# Datei} few {# Dateien} other {# Dateien}}')).toBe('has few')
  expect(fault('ar', '{n, plural, one {# file} other {# files}}', '{n, plural, one {x} other {y}}')).toContain('lacks zero')
  expect(fault('de', 'Yes', ' ')).toBe('says nothing')
})
