import { t } from './words'
/** Paths from the home on: '/' is the home, '/a/b' lies in '/a'. */
export function join(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Makes a path of what stands in an address: one slash in front, none at the end, none doubled. */
export function clean(path: string): string {
  return `/${path.split('/').filter(s => s !== '' && s !== '.' && s !== '..').join('/')}`
}

/** Splits 'notes.tar.gz' into 'notes.tar' and '.gz'; a name that begins with its only dot has no extension. */
export function split(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? { stem: name.slice(0, dot), extension: name.slice(dot) } : { stem: name, extension: '' }
}

/** A name that is not taken: 'a.txt', 'a (2).txt', 'a (3).txt' … */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  const { stem, extension } = split(name)
  let free = name
  for (let n = 2; taken.has(free); n++) free = `${stem} (${n})${extension}`
  return free
}

/** Why a name cannot be given; '' if it can. */
export function objection(name: string): string {
  if (name.trim() === '') return t('Type a name.')
  if (name === '.' || name === '..') return t('This name is reserved.')
  if (/[/\\]/.test(name)) return t('A name cannot contain / or \\.')
  if (new TextEncoder().encode(name).length > 255) return t('This name is too long.')
  return ''
}

export interface Crumb {
  name: string
  path: string
}

/** The folders on the way to a path, without the home itself. */
export function crumbs(path: string): Crumb[] {
  const segments = path.split('/').filter(s => s !== '')
  return segments.map((name, i) => ({ name, path: `/${segments.slice(0, i + 1).join('/')}` }))
}

/** Cuts a way to what has room: the last `room` crumbs, and those hidden before them. */
export function fitted(all: Crumb[], room: number): { hidden: Crumb[]; shown: Crumb[] } {
  const cut = all.length > room ? all.length - room : 0
  return { hidden: all.slice(0, cut), shown: all.slice(cut) }
}
