/** Something that is said of a way in, with what the command calls it. */
export interface Field {
  key: string
  label: string
  help?: string
  /** A line when nothing is said. */
  kind?: 'yes' | 'lines' | 'secret' | 'choice'
  choices?: readonly { value: string; label: string }[]
  placeholder?: string
  option: string
  /** What a command reads from a file rather than from its line. */
  file?: boolean
}

/** What is said together. */
export interface FieldSection {
  title: string
  note?: string
  /** Hardly anybody needs it: it is opened on wish. */
  folded?: boolean
  fields: readonly Field[]
}

/** By key; what is yes or no is '1' or '0'. */
export type Values = Readonly<Record<string, string>>

export const fieldsOf = (sections: readonly FieldSection[]): Field[] => sections.flatMap(s => [...s.fields])

/** What a shell would take apart, in quotes. */
export const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

/** The options of a command for all that differs from what holds without it. Secrets are never among them. */
export function optionsFor(sections: readonly FieldSection[], values: Values, usual: Values): string[] {
  return fieldsOf(sections).flatMap(f => {
    const value = values[f.key] ?? ''
    if (f.kind === 'secret') return value === '' ? [] : [`--${f.option}=secret.txt`]
    if (value === (usual[f.key] ?? '')) return []
    return [`--${f.option}=${f.file ? 'file.pem' : quoted(value)}`]
  })
}
