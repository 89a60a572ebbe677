import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { NodeTypes, type RootNode, type TemplateChildNode, parse as parseTemplate } from '@vue/compiler-dom'
import { parse as parseMessage } from './kit/message'

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

function inScript(code: string, where: string, strict: boolean, found: Found): void {
  const file = ts.createSourceFile('x.ts', code, ts.ScriptTarget.Latest, true)
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 't') {
      const [first, ...rest] = node.arguments
      if (first && ts.isStringLiteralLike(first)) found.said.push({ where, text: first.text })
      else found.bare.push({ where, text: `t(${first?.getText() ?? ''}), which is no literal` })
      rest.forEach(visit)
      return
    }
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isLiteralTypeNode(node)) return
    if (ts.isThrowStatement(node) || (ts.isNewExpression(node) && node.expression.getText().endsWith('Error'))) return
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      if (letters.test(node.text) && (strict ? prose.test(node.text) : prose.test(node.text) && told(node))) found.bare.push({ where, text: node.text })
    }
    ts.forEachChild(node, visit)
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

const all = sources.filter(s => !s.path.startsWith('rooms/files/')).map(({ path, text }) => texts(path, text))

test('what people read goes through t()', () => {
  expect(all.flatMap(f => f.bare).map(({ where, text }) => `${where}: ${text}`)).toEqual([])
})

test('what is bare is found', () => {
  const bare = (path: string, text: string): string[] => texts(path, text).bare.map(b => b.text)
  const page = (markup: string): string => `<template>\n${markup}\n</template>\n`
  expect(bare('a.vue', page('<p>Hello <b>{{ name }}</b></p><code>PROPFIND</code>'))).toEqual(['Hello'])
  expect(bare('a.vue', page('<AppDialog label="Delete" kind="danger" :title="`Delete ${name}`" />'))).toEqual(['label="Delete"', 'Delete '])
  expect(bare('a.vue', page("{{ n === 1 ? 'One file' : t('Many files') }}{{ t(key) }}"))).toEqual(['One file', 't(key), which is no literal'])
  expect(bare('a.ts', "complain('It failed.', e); tell(t('Done.')); const a = { label: 'Go', icon: Sun, id: 'Sun' }; throw new Error('It is broken')")).toEqual(['It failed.', 'Go'])
})

test('what is said is in ICU’s syntax', () => {
  for (const { where, text } of all.flatMap(f => f.said)) expect(() => parseMessage(text), where).not.toThrow()
})
