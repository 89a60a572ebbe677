import { shallowRef, type Ref } from 'vue'
import { list, makeFolder, stat } from '../../../api/dav'
import { forgetUpload, pause, reachable, upload } from '../../../api/upload'
import { Rate } from '../../../kit/rate'
import type { Answer, Job, Transport, Trouble } from './job'
import { Queue } from './queue'
import { type Kept, Shelf, matched } from './shelf'
import { type Sum, lined, summed } from './sum'
import type { Item } from './walk'

export interface Question {
  path: string
  reply(answer: Answer, forAll: boolean): void
}

/** What is to be seen of the uploads. */
export interface Progress extends Sum {
  busy: boolean
  scanning: boolean
  /** Whether there is no connection to the server. */
  cut: boolean
  /** Bytes a second, 0 while unknown. */
  speed: number
  jobs: readonly Job[]
  troubles: readonly Trouble[]
}

export interface Uploads {
  /** Undefined as long as there is nothing to show. */
  progress: Readonly<Ref<Progress | undefined>>
  question: Readonly<Ref<Question | undefined>>
  /** What was under way when a page was left. */
  left: Readonly<Ref<readonly Kept[]>>
  add(items: AsyncIterable<Item>, into: string, names: Iterable<string>): void
  /** Without an id it is meant for all. */
  pause(id?: string): void
  resume(id?: string): void
  cancel(id?: string): void
  retry(id?: string): void
  close(): void
  /** Goes on with what was left, with the files that were chosen again for those that could not be kept. */
  adopt(files: readonly File[]): void
  /** Gives up what was left. */
  abandon(): void
}

/** Milliseconds between two looks at the queue. */
const beat = 200

function transport(user: string): Transport {
  return {
    upload: ({ id, path, file, overwrite }, again, signal, sent) => upload(user, path, file, { key: id, again, overwrite, signal, sent }),
    makeFolder: (path, signal) => makeFolder(user, path, signal),
    names: async (path, signal) => new Set((await list(user, path, signal)).entries.map(e => e.name)),
    async same(path, file, signal) {
      const there = await stat(user, path, signal)
      return there.size === file.size && Math.floor(there.modified / 1000) === Math.floor(file.lastModified / 1000)
    },
    forget: ({ id, file }) => forgetUpload(user, file, id),
    reachable,
    pause,
  }
}

let shared: Uploads | undefined
const listeners = new Set<(folder: string) => void>()

/** The uploads of the signed-in person, which go on wherever one goes. */
export function useUploads(user: string): Uploads {
  return (shared ??= createUploads(user))
}

/** Tells of folders in which something new lies, until the returned function is called. */
export function onArrived(hear: (folder: string) => void): () => void {
  listeners.add(hear)
  return () => void listeners.delete(hear)
}

function createUploads(user: string): Uploads {
  const progress = shallowRef<Progress>()
  const question = shallowRef<Question>()
  const left = shallowRef<readonly Kept[]>([])
  const rate = new Rate()
  const shelf = new Shelf(user)
  let timer: ReturnType<typeof setTimeout> | undefined

  const queue = new Queue(transport(user), {
    conflict: (path, signal) => new Promise((resolve, reject) => {
      const stop = (): void => {
        question.value = undefined
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', stop, { once: true })
      question.value = {
        path,
        reply(answer, forAll) {
          signal.removeEventListener('abort', stop)
          question.value = undefined
          resolve({ answer, forAll })
        },
      }
    }),
    changed: () => void (timer ??= setTimeout(look, beat)),
    arrived: into => listeners.forEach(hear => hear(into)),
    keep: job => shelf.keep(job),
    ended: job => shelf.forget(job.id),
  }, shelf.session)

  function look(): void {
    timer = undefined
    const sum = summed(queue.jobs)
    rate.mark(sum.sent, performance.now())
    const something = queue.busy || queue.jobs.length > 0 || queue.troubles.length > 0
    progress.value = something
      ? { ...sum, busy: queue.busy, scanning: queue.scanning, cut: queue.cut, speed: rate.perSecond, jobs: lined(queue.jobs), troubles: [...queue.troubles] }
      : undefined
    if (queue.busy) timer = setTimeout(look, beat * 2) // time goes on even when nothing else does
  }

  addEventListener('beforeunload', event => {
    if (queue.busy || queue.jobs.some(job => job.state === 'paused')) event.preventDefault()
  })
  void shelf.left().then(found => (left.value = found))

  return {
    progress, question, left,
    add(items, into, names) {
      if (!queue.busy) rate.reset()
      void queue.add(items, into, names)
    },
    pause: id => queue.pause(id),
    resume(id) {
      rate.reset()
      queue.resume(id)
    },
    cancel: id => queue.cancel(id),
    retry(id) {
      rate.reset()
      queue.retry(id)
    },
    close: () => queue.clear(),
    adopt(files) {
      const { found, missing } = matched(left.value, files)
      left.value = missing
      rate.reset()
      queue.adopt(found)
    },
    abandon() {
      for (const { id } of left.value) shelf.forget(id)
      left.value = []
    },
  }
}
