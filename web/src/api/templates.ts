import { ocs } from './person'

/** A file that others can begin as. */
export interface Template {
  /** Where it lies, from the home on. */
  id: string
  name: string
  /** Of files begun as it. */
  extension: string
}

/** A kind of file that the server knows how to begin. */
export interface Creator {
  label: string
  extension: string
  templates: Template[]
}

interface Said {
  label: string
  extension: string
  templates: { templateId: string; basename: string }[]
}

/** What new files can begin as. */
export const creators = async (): Promise<Creator[]> => (await ocs<Said[]>('GET', '/apps/files/api/v1/templates')).map(creatorIn)

/** Reads one kind. Exported for its test. */
export const creatorIn = ({ label, extension, templates }: Said): Creator => ({
  label, extension,
  templates: templates.map(t => ({ id: t.templateId, name: t.basename, extension: /\.[^.]+$/.exec(t.basename)?.[0] ?? extension })),
})

/** Begins a file, empty or as a copy of a template. */
export async function begin(path: string, template: string): Promise<void> {
  await ocs('POST', '/apps/files/api/v1/templates/create', { filePath: path, templatePath: template, templateType: 'user' })
}
