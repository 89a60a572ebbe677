import { shallowRef, type Ref } from 'vue'
import { list, makeFolder, stat } from '../../../api/dav'
import { pause, upload } from '../../../api/upload'
import { Rate } from '../../../kit/rate'
import { type Answer, Queue, type Transport } from './queue'
import { type Sum, summed } from './sum'
import type { Item } from './walk'

export interface Question {
  path: string
  reply(answer: Answer, forAll: boolean): void
}

/** What is to be seen of the uploads. */
export interface Progress extends Sum {
  busy: boolean
  scanning: boolean
  /** Bytes a second, 0 while unknown. */
  speed: number
  troubles: readonly { path: string; why: string }[]
}

export interface Uploads {
  /** Undefined as long as there is nothing to show. */
  progress: Readonly<Ref<Progress | undefined>>
  question: Readonly<Ref<Question | undefined>>
  add(items: AsyncIterable<Item>, into: string, names: Iterable<string>): void
  cancel(): void
  retry(): void
  close(): void
}

/** Milliseconds between two looks at the queue. */
const beat = 200

function transport(user: string): Transport {
  return {
    upload: (path, file, overwrite, signal, sent) => upload(user, path, file, overwrite, { signal, sent }),
    makeFolder: (path, signal) => makeFolder(user, path, signal),
    names: async (path, signal) => new Set((await list(user, path, signal)).entries.map(e => e.name)),
    async same(path, file, signal) {
      const there = await stat(user, path, signal)
      return there.size === file.size && Math.floor(there.modified / 1000) === Math.floor(file.lastModified / 1000)
    },
    pause,
  }
}

let shared: Uploads | undefined
let listener = (_folder: string): void => undefined

/** The uploads of the signed-in person, which go on wherever one goes. arrived is told of folders in which something new lies. */
export function useUploads(user: string, arrived: (folder: string) => void): Uploads {
  listener = arrived
  return (shared ??= createUploads(user))
}

function createUploads(user: string): Uploads {
  const progress = shallowRef<Progress>()
  const question = shallowRef<Question>()
  const rate = new Rate()
  let timer: ReturnType<typeof setTimeout> | undefined

  const queue = new Queue(transport(user), {
    conflict: path => new Promise(resolve => {
      question.value = {
        path,
        reply(answer, forAll) {
          question.value = undefined
          resolve({ answer, forAll })
        },
      }
    }),
    changed: () => void (timer ??= setTimeout(look, beat)),
    arrived: into => listener(into),
  })

  function look(): void {
    timer = undefined
    const sum = summed(queue.jobs)
    rate.mark(sum.sent, performance.now())
    progress.value = { ...sum, busy: queue.busy, scanning: queue.scanning, speed: rate.perSecond, troubles: [...queue.troubles] }
    if (queue.busy) timer = setTimeout(look, beat * 2) // time goes on even when nothing else does
  }

  addEventListener('beforeunload', event => {
    if (queue.busy) event.preventDefault()
  })

  return {
    progress,
    question,
    add(items, into, names) {
      if (!queue.busy) rate.reset()
      void queue.add(items, into, names)
    },
    cancel() {
      question.value?.reply('skip', false)
      queue.cancel()
    },
    retry() {
      rate.reset()
      queue.retry()
    },
    close: () => (progress.value = undefined),
  }
}

