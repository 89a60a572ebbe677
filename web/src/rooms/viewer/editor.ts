import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { HighlightStyle, bracketMatching, syntaxHighlighting } from '@codemirror/language'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, type Extension } from '@codemirror/state'
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { languageOf } from './languages'

export interface Editor {
  text(): string
  lock(readonly: boolean): void
  focus(): void
  end(): void
}

interface Wishes {
  text: string
  /** The file's name, which tells the language. */
  name: string
  label: string
  readonly: boolean
  changed(): void
  save(): void
}

const look = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'var(--card)', fontSize: '.9rem' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace', lineHeight: '1.6' },
  '.cm-content': { padding: '1rem 0 4rem', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 1rem' },
  '.cm-gutters': { color: 'var(--soft)', backgroundColor: 'var(--card)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '3rem', padding: '0 .5rem 0 1rem' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)', borderLeftWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { background: 'var(--chosen)' },
  '.cm-panels': { color: 'var(--ink)', backgroundColor: 'var(--paper)' },
  '.cm-searchMatch': { backgroundColor: 'light-dark(#fbe7a2, #5a4a12)' },
})

const colours = HighlightStyle.define([
  { tag: [tags.comment, tags.meta], color: 'var(--soft)', fontStyle: 'italic' },
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.tagName], color: 'light-dark(#7a3fb0, #cfa5f5)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'light-dark(#17663c, #9fe0ba)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'light-dark(#8f4a00, #f2b872)' },
  { tag: [tags.definition(tags.variableName), tags.function(tags.variableName), tags.propertyName, tags.attributeName, tags.labelName], color: 'light-dark(#1f5fae, #8fc1ee)' },
  { tag: [tags.typeName, tags.className, tags.namespace], color: 'light-dark(#2b6069, #8bc7cf)' },
  { tag: tags.heading, fontWeight: '700' },
  { tag: tags.strong, fontWeight: '700' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: [tags.link, tags.url], color: 'var(--accent)', textDecoration: 'underline' },
])

/** Makes an editor in a shadow root. */
export function makeEditor(root: ShadowRoot, wishes: Wishes): Editor {
  const [writing, speaking] = [new Compartment(), new Compartment()]
  const save = { key: 'Mod-s', preventDefault: true, run: () => (wishes.save(), true) }
  const lock = (readonly: boolean): Extension => readonly
    ? [EditorState.readOnly.of(true), EditorView.editable.of(false), EditorView.contentAttributes.of({ tabindex: '0', role: 'document' }), keymap.of(searchKeymap)]
    : [highlightActiveLine(), highlightActiveLineGutter(), keymap.of([save, ...defaultKeymap, ...historyKeymap, ...searchKeymap])]
  const ending = wishes.text.includes('\r\n') ? '\r\n' : '\n'
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: wishes.text,
      extensions: [
        look, lineNumbers(), history(), drawSelection(), bracketMatching(), EditorView.lineWrapping, highlightSelectionMatches(), search({ top: true }), syntaxHighlighting(colours),
        writing.of(lock(wishes.readonly)), speaking.of([]),
        EditorView.contentAttributes.of({ 'aria-label': wishes.label }),
        EditorView.updateListener.of(update => update.docChanged && wishes.changed()),
      ],
    }),
  })
  void languageOf(wishes.name).then(found => found && view.dispatch({ effects: speaking.reconfigure(found) }))
  return {
    text: () => view.state.sliceDoc().replaceAll('\n', ending),
    lock: readonly => view.dispatch({ effects: writing.reconfigure(lock(readonly)) }),
    focus: () => view.focus(),
    end: () => view.destroy(),
  }
}
