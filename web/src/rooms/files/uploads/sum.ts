import type { Job } from './job'

/** What is to be shown of a queue. */
export interface Sum {
  files: number
  done: number
  failed: Job[]
  skipped: number
  paused: number
  /** Waiting or under way. */
  going: number
  bytes: number
  sent: number
  /** From 0 to 1. */
  part: number
}

/** What a file counts beyond its bytes, so that a thousand empty files make progress too. */
const perFile = 16 * 1024

/** Adds up jobs. What failed or was skipped is no work any more. */
export function summed(jobs: readonly Job[]): Sum {
  const sum: Sum = { files: 0, done: 0, failed: [], skipped: 0, paused: 0, going: 0, bytes: 0, sent: 0, part: 0 }
  for (const job of jobs) {
    if (job.state === 'failed') sum.failed.push(job)
    if (job.state === 'skipped') sum.skipped++
    if (job.state === 'failed' || job.state === 'skipped') continue
    sum.files++
    sum.bytes += job.file.size
    sum.sent += job.state === 'done' ? job.file.size : Math.min(job.sent, job.file.size)
    if (job.state === 'done') sum.done++
    else if (job.state === 'paused') sum.paused++
    else sum.going++
  }
  const work = sum.bytes + sum.files * perFile
  sum.part = work === 0 ? 0 : (sum.sent + sum.done * perFile) / work
  return sum
}

const ranks = { failed: 0, sending: 1, paused: 2, waiting: 3, skipped: 4, done: 5 } as const

/** Jobs as a person wants to see them: what went wrong, what goes on, what waits, what is over. */
export function lined(jobs: readonly Job[]): Job[] {
  const heaps: Job[][] = [[], [], [], [], [], []]
  for (const job of jobs) heaps[ranks[job.state]]?.push(job)
  return heaps.flat()
}

/** The end of a batch in words that can be sent to somebody: what is there, and each name that is not, with the reason. */
export function reported(jobs: readonly Job[], troubles: readonly { path: string; why: string }[], words: { done: string; skipped: string; failed: string }): string {
  const lines = [words.done]
  const tell = (heading: string, all: readonly { path: string; why: string }[]): void => {
    if (all.length > 0) lines.push('', heading, ...all.map(one => `${one.path}\t${one.why}`))
  }
  tell(words.failed, [...jobs.filter(job => job.state === 'failed'), ...troubles])
  tell(words.skipped, jobs.filter(job => job.state === 'skipped'))
  return `${lines.join('\n')}\n`
}
