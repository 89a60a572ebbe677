import type { Job } from './job'

/** What is remembered of a job on this device. The file itself is kept if it is small; a large one is asked for again. */
export interface Kept {
  id: string
  session: string
  user: string
  path: string
  folder: string
  overwrite: boolean
  name: string
  size: number
  modified: number
  file?: File
}

/** Bytes up to which a file is kept, and all files together. */
const small = 4 * 1024 * 1024
const room = 256 * 1024 * 1024
/** Milliseconds in which changes are gathered. */
const gather = 100

/** So many bytes, for whoever takes some of them. */
class Allowance {
  readonly #most: number
  readonly #taken = new Map<string, number>()
  #sum = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Takes bytes in place of those that were taken under the same name, if there are so many. */
  take(name: string, bytes: number): boolean {
    this.give(name)
    if (this.#sum + bytes > this.#most) return false
    this.#taken.set(name, bytes)
    this.#sum += bytes
    return true
  }

  /** Gives back what was taken. */
  give(name: string): void {
    this.#sum -= this.#taken.get(name) ?? 0
    this.#taken.delete(name)
  }
}

/** Remembers on this device what is still to be uploaded, so that it can go on after the page was left. Without storage it remembers nothing. */
export class Shelf {
  readonly session = `${Date.now().toString(36)}${crypto.getRandomValues(new Uint32Array(2)).join('')}`
  readonly #user: string
  readonly #changes = new Map<string, Kept | undefined>()
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #room = new Allowance(room)
  #opened: Promise<IDBDatabase | undefined> | undefined

  constructor(user: string) {
    this.#user = user
    // As long as this page lives, others can tell that its uploads are under way.
    if ('locks' in navigator) void navigator.locks.request(lockOf(this.session), () => new Promise(() => undefined)).catch(() => undefined)
  }

  keep({ id, path, folder, overwrite, file }: Job): void {
    const record: Kept = { id, session: this.session, user: this.#user, path, folder, overwrite, name: file.name, size: file.size, modified: file.lastModified }
    if (file.size <= small && this.#room.take(id, file.size)) record.file = file
    this.#change(id, record)
  }

  forget(id: string): void {
    this.#room.give(id)
    this.#change(id, undefined)
  }

  /** What pages that are gone had still to do. */
  async left(): Promise<Kept[]> {
    const db = await this.#open()
    if (!db) return []
    const all = await done<Kept[]>(db.transaction(store).objectStore(store).getAll()).catch(() => [])
    const alive = await sessions()
    return all.filter(kept => kept.user === this.#user && kept.session !== this.session && !alive.has(lockOf(kept.session)))
  }

  #change(id: string, to: Kept | undefined): void {
    this.#changes.set(id, to)
    this.#timer ??= setTimeout(() => void this.#write(), gather)
  }

  async #write(): Promise<void> {
    this.#timer = undefined
    const changes = [...this.#changes]
    this.#changes.clear()
    const db = await this.#open()
    if (!db) return
    await put(db, changes).catch(() => put(db, changes.map(([id, kept]) => [id, kept && bare(kept)]))).catch(() => undefined) // a file that cannot be read cannot be kept
  }

  #open(): Promise<IDBDatabase | undefined> {
    return (this.#opened ??= opened().catch(() => undefined))
  }
}

const store = 'jobs'
const lockOf = (session: string): string => `atrium-uploads-${session}`

function bare({ file: _, ...rest }: Kept): Kept {
  return rest
}

async function sessions(): Promise<Set<string>> {
  if (!('locks' in navigator)) return new Set()
  return new Set((await navigator.locks.query()).held?.map(lock => lock.name ?? ''))
}

function done<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T)
    request.onerror = () => reject(request.error as Error)
  })
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open('atrium-uploads', 1)
  request.onupgradeneeded = () => request.result.createObjectStore(store, { keyPath: 'id' })
  return done(request)
}

function put(db: IDBDatabase, changes: readonly (readonly [string, Kept | undefined])[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(store, 'readwrite')
    for (const [id, kept] of changes) {
      if (kept) transaction.objectStore(store).put(kept)
      else transaction.objectStore(store).delete(id)
    }
    transaction.oncomplete = () => resolve()
    transaction.onabort = transaction.onerror = () => reject(transaction.error as Error)
  })
}

/** Finds among files that were chosen again those that were left: of the same name, size and time, or it would be another file. */
export function matched(left: readonly Kept[], files: readonly File[]): { found: (Kept & { file: File })[]; missing: Kept[] } {
  const key = (name: string, size: number, modified: number): string => JSON.stringify([name, size, modified])
  const offered = new Map(files.map(file => [key(file.name, file.size, file.lastModified), file]))
  const found: (Kept & { file: File })[] = []
  const missing: Kept[] = []
  for (const kept of left) {
    const file = kept.file ?? offered.get(key(kept.name, kept.size, kept.modified))
    if (file) found.push({ ...kept, file })
    else missing.push(kept)
  }
  return { found, missing }
}
