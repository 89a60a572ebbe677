import type { Entry } from '../../api/dav'
import { split } from '../../kit/paths'

/** How a file is shown: preview is a picture that the server makes of it, other is not shown at all. */
export type Kind = 'picture' | 'video' | 'audio' | 'pdf' | 'markdown' | 'text' | 'preview' | 'other'

/** Pictures that browsers show themselves. SVG is shown as a picture, in which no script runs. */
const pictures = /^image\/(jpeg|png|gif|webp|avif|bmp|svg\+xml|x-icon|vnd\.microsoft\.icon)$/
const texts = /^(text\/|application\/(json|xml|yaml|x-yaml|toml|javascript|typescript|x-sh|x-php|x-python|x-perl|x-ruby|sql|x-tex|x-httpd-php|x-subrip|ld\+json|graphql)|message\/rfc822|image\/svg\+xml$)/
const extensions = new Set(
  ('bash bat c cc cfg clj cmake conf cpp cs csv css dart diff dockerfile elm env erl ex fish gitignore go gradle graphql groovy h hpp hs htm html ini java jl js json jsx kt less lock log lua '
    + 'm make mjs nix php pl properties proto ps1 py r rb rs rst sass scala scss sh sql srt svelte swift tcl tex toml ts tsv tsx txt vb vim vtt vue xml yaml yml zig').split(' '),
)
const names = /^(makefile|dockerfile|license|readme|changelog|authors|\.[a-z]+rc|\.git(ignore|attributes)|\.editorconfig|\.env)$/i

/** Texts above this size are downloaded instead, in bytes. */
export const largestText = 5 << 20

export const isMarkdown = (entry: Pick<Entry, 'name' | 'mime'>): boolean => entry.mime === 'text/markdown' || /\.(md|markdown|mdown)$/i.test(entry.name)

/** How a file is shown. */
export function kindOf(entry: Pick<Entry, 'name' | 'mime' | 'size' | 'preview'>): Kind {
  const extension = split(entry.name).extension.slice(1).toLowerCase()
  if (pictures.test(entry.mime)) return 'picture'
  if (/^video\//.test(entry.mime) && extension !== 'ts') return 'video'
  if (/^audio\//.test(entry.mime) || entry.mime === 'application/ogg') return 'audio'
  if (entry.mime === 'application/pdf' || extension === 'pdf') return 'pdf'
  const text = isMarkdown(entry) ? 'markdown' : texts.test(entry.mime) || extensions.has(extension) || names.test(entry.name) ? 'text' : undefined
  if (text && entry.size <= largestText && !/rtf$/.test(entry.mime)) return text
  return entry.preview ? 'preview' : 'other'
}

/** Whether it stands before a dark ground, in both looks. */
export const isDark = (kind: Kind): boolean => kind === 'picture' || kind === 'video' || kind === 'audio' || kind === 'preview'
