/** A written text as a tree: all that can be shown of it, and nothing else. See kit/markdown for what makes one. */
export type Inline =
  | string
  | { kind: 'strong' | 'emphasis' | 'struck'; children: readonly Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'link'; to: Target; title: string; children: readonly Inline[] }
  | { kind: 'picture'; name: string; alt: string }
  | { kind: 'break' }

/** Where a link leads: to an address out there, a file beside the text (folders with slashes between), or a heading of it. */
export type Target = { kind: 'address' | 'file' | 'heading'; at: string }

export type Block =
  | { kind: 'heading'; level: number; id: string; children: readonly Inline[] }
  | { kind: 'paragraph'; children: readonly Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'quote'; blocks: readonly Block[] }
  | { kind: 'list'; first: number | null; items: readonly Item[] }
  | { kind: 'table'; sides: readonly Side[]; head: readonly (readonly Inline[])[]; rows: readonly (readonly (readonly Inline[])[])[] }
  | { kind: 'rule' }

/** An item of a list; done is that of a task, undefined where it is none. */
export interface Item {
  blocks: readonly Block[]
  done: boolean | undefined
}

/** Where a column of a table stands. */
export type Side = '' | 'start' | 'center' | 'end'
