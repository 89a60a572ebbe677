import { StreamLanguage, type StreamParser } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { split } from '../../kit/paths'

type Mode = () => Promise<StreamParser<unknown>>

const clike = (of: 'c' | 'cpp' | 'csharp' | 'java' | 'kotlin' | 'scala' | 'dart'): Mode => async () => (await import('@codemirror/legacy-modes/mode/clike'))[of]
const script = (of: 'javascript' | 'typescript' | 'json'): Mode => async () => (await import('@codemirror/legacy-modes/mode/javascript'))[of]
const css = (of: 'css' | 'sCSS' | 'less'): Mode => async () => (await import('@codemirror/legacy-modes/mode/css'))[of]
const shell: Mode = async () => (await import('@codemirror/legacy-modes/mode/shell')).shell

const modes: readonly [string, Mode][] = [
  ['c h', clike('c')], ['cc cpp hpp', clike('cpp')], ['cs', clike('csharp')], ['java', clike('java')], ['kt', clike('kotlin')], ['scala', clike('scala')], ['dart', clike('dart')],
  ['js jsx mjs', script('javascript')], ['ts tsx', script('typescript')], ['json', script('json')],
  ['css', css('css')], ['scss', css('sCSS')], ['less', css('less')], ['bash sh', shell],
  ['go', async () => (await import('@codemirror/legacy-modes/mode/go')).go],
  ['py', async () => (await import('@codemirror/legacy-modes/mode/python')).python],
  ['rs', async () => (await import('@codemirror/legacy-modes/mode/rust')).rust],
  ['rb', async () => (await import('@codemirror/legacy-modes/mode/ruby')).ruby],
  ['pl', async () => (await import('@codemirror/legacy-modes/mode/perl')).perl],
  ['lua', async () => (await import('@codemirror/legacy-modes/mode/lua')).lua],
  ['swift', async () => (await import('@codemirror/legacy-modes/mode/swift')).swift],
  ['sql', async () => (await import('@codemirror/legacy-modes/mode/sql')).standardSQL],
  ['htm html vue svelte', async () => (await import('@codemirror/legacy-modes/mode/xml')).html],
  ['svg xml', async () => (await import('@codemirror/legacy-modes/mode/xml')).xml],
  ['yaml yml', async () => (await import('@codemirror/legacy-modes/mode/yaml')).yaml],
  ['toml', async () => (await import('@codemirror/legacy-modes/mode/toml')).toml],
  ['cfg conf env ini properties', async () => (await import('@codemirror/legacy-modes/mode/properties')).properties],
  ['diff patch', async () => (await import('@codemirror/legacy-modes/mode/diff')).diff],
  ['tex', async () => (await import('@codemirror/legacy-modes/mode/stex')).stex],
  ['ps1', async () => (await import('@codemirror/legacy-modes/mode/powershell')).powerShell],
  ['dockerfile', async () => (await import('@codemirror/legacy-modes/mode/dockerfile')).dockerFile],
]
const byExtension = new Map(modes.flatMap(([extensions, mode]) => extensions.split(' ').map(e => [e, mode] as const)))

/** The colours of a language, by a file's name; undefined for plain text. Each is loaded when it is first met. */
export async function languageOf(name: string): Promise<Extension | undefined> {
  const extension = (split(name).extension.slice(1) || name).toLowerCase()
  if (['md', 'markdown', 'mdown'].includes(extension)) return (await import('@codemirror/lang-markdown')).markdown()
  const mode = await byExtension.get(extension)?.()
  return mode && StreamLanguage.define(mode)
}
