/** Something to upload, with its place below the folder it goes to. */
export type Item =
  | { kind: 'folder'; path: string[] }
  | { kind: 'file'; path: string[]; file: File }
  | { kind: 'unreadable'; path: string[] }

/** Takes what was dropped. It must be called while the drop event is handled: later the browser has forgotten. */
export function dropped(data: DataTransfer): AsyncIterable<Item> {
  const entries: FileSystemEntry[] = []
  const loose: File[] = []
  for (const item of data.items) {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null
    const file = item.kind === 'file' && !entry ? item.getAsFile() : null
    if (entry) entries.push(entry)
    if (file) loose.push(file)
  }
  return walk(entries, loose)
}

async function* walk(entries: FileSystemEntry[], loose: File[]): AsyncGenerator<Item> {
  for (const file of loose) yield { kind: 'file', path: [file.name], file }
  for (const entry of entries) yield* below(entry, [])
}

async function* below(entry: FileSystemEntry, into: string[]): AsyncGenerator<Item> {
  const path = [...into, entry.name]
  try {
    if (isFile(entry)) yield { kind: 'file', path, file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)) }
    if (!isFolder(entry)) return
    yield { kind: 'folder', path }
    const reader = entry.createReader()
    // A reader hands out a hundred entries or so at a time, and none at the end.
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
      if (some.length === 0) return
      for (const child of some) yield* below(child, path)
    }
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    yield { kind: 'unreadable', path }
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory

/** Takes what was chosen in a file dialog; of a folder dialog with the folders on the way. */
export async function* chosen(files: readonly File[]): AsyncGenerator<Item> {
  const told = new Set<string>()
  for (const file of files) {
    const path = (file.webkitRelativePath || file.name).split('/')
    for (let depth = 1; depth < path.length; depth++) {
      const folder = path.slice(0, depth)
      if (told.has(folder.join('/'))) continue
      told.add(folder.join('/'))
      yield { kind: 'folder', path: folder }
    }
    yield { kind: 'file', path, file }
  }
}
