/** What other programs of a device shared with us: kept on the device by the worker until the page has it. */
export interface Shared {
  id: string
  /** When it came, in milliseconds since 1970. */
  at: number
  files: File[]
  title: string
  text: string
  url: string
}

const database = 'atrium-shared'
const store = 'shared'
/** Milliseconds after which nobody will come for it any more. */
const forgotten = 24 * 3600_000

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error as Error)
  })
}

/** Does something with what is kept, and waits until that is written. */
async function within<T>(act: (kept: IDBObjectStore) => Promise<T>): Promise<T> {
  const request = indexedDB.open(database, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(store, { keyPath: 'id' })
  const db = await done(request)
  try {
    const transaction = db.transaction(store, 'readwrite')
    const written = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = transaction.onerror = () => reject(transaction.error as Error)
    })
    const [result] = await Promise.all([act(transaction.objectStore(store)), written])
    return result
  } finally {
    db.close()
  }
}

/** Keeps what was posted by the device's share sheet, and returns by what it is asked for. What nobody came for is thrown away. */
export async function keep(form: FormData, now: number): Promise<string> {
  const words = (name: string): string => [form.get(name)].find(value => typeof value === 'string') ?? ''
  const shared: Shared = {
    id: crypto.randomUUID(), at: now, title: words('title'), text: words('text'), url: words('url'),
    files: form.getAll('files').filter(value => typeof value !== 'string').filter(file => file.name !== '' || file.size > 0),
  }
  await within(async kept => {
    for (const old of await done<Shared[]>(kept.getAll())) if (old.at < now - forgotten) kept.delete(old.id)
    kept.put(shared)
  })
  return shared.id
}

/** What was shared under this id, if it is still there. */
export const shared = (id: string): Promise<Shared | undefined> => within(kept => done<Shared | undefined>(kept.get(id)))

/** Throws away what was shared: the page has it, or nobody wants it. */
export const drop = (id: string): Promise<void> => within(async kept => void kept.delete(id))

/** Empties everything that pages of ours keep in this browser's databases: whoever comes next shall find nothing. */
export async function emptyAll(): Promise<void> {
  for (const { name = '' } of (await indexedDB.databases?.()) ?? []) {
    const db = await done(indexedDB.open(name))
    const stores = [...db.objectStoreNames]
    if (stores.length > 0) await Promise.all(stores.map(at => done(db.transaction(at, 'readwrite').objectStore(at).clear())))
    db.close()
  }
}
