import { File, FileArchive, FileAudio, FileCode, FileImage, FileSpreadsheet, FileText, FileVideo, Folder, Presentation } from '@lucide/vue'
import type { Component } from 'vue'
import type { Entry } from '../api/dav'
import { bytes, when } from './format'
import { split } from './paths'
import { t } from './words'

export interface Kind {
  icon: Component
  /** A class name that gives the colour. */
  tone: string
  /** In a word, for those who hear it. */
  word: string
}

const kind = (icon: Component, tone: string, said: () => string): Kind => ({ icon, tone, get word() { return said() } })
const folder = kind(Folder, 'folder', () => t('folder'))
const other = kind(File, 'plain', () => t('file'))
const text = kind(FileText, 'text', () => t('text'))
const sheet = kind(FileSpreadsheet, 'sheet', () => t('spreadsheet'))
const slides = kind(Presentation, 'slides', () => t('presentation'))
const archive = kind(FileArchive, 'archive', () => t('archive'))
const code = kind(FileCode, 'code', () => t('code'))

const byFamily: Record<string, Kind> = {
  image: kind(FileImage, 'image', () => t('picture')),
  video: kind(FileVideo, 'video', () => t('video')),
  audio: kind(FileAudio, 'audio', () => t('sound')),
  text,
}

const byExtension: Record<string, Kind> = {}
const extensions: [Kind, string][] = [
  [sheet, 'csv ods xls xlsx'],
  [slides, 'odp ppt pptx'],
  [text, 'doc docx epub md odt pdf rtf txt'],
  [archive, '7z bz2 gz rar tar tgz xz zip zst'],
  [code, 'c cpp css go h html js json php py rs sh sql toml ts vue xml yaml yml'],
]
for (const [k, list] of extensions) for (const e of list.split(' ')) byExtension[`.${e}`] = k

/** What sort of thing an entry is, to show a picture of it. */
export function kindOf(entry: Pick<Entry, 'folder' | 'name' | 'mime'>): Kind {
  if (entry.folder) return folder
  return byExtension[split(entry.name).extension.toLowerCase()] ?? byFamily[entry.mime.split('/')[0] ?? ''] ?? other
}

/** All of an entry in a line, for those who hear it. */
export const labelOf = (entry: Entry): string =>
  t('{name}, {kind}, {size}, changed {when}', { name: entry.name, kind: kindOf(entry).word, size: bytes(entry.size), when: when(entry.modified) })
