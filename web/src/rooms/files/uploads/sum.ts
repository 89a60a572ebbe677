import type { Job } from './queue'

/** What is to be shown of a queue. */
export interface Sum {
  files: number
  done: number
  failed: Job[]
  skipped: number
  bytes: number
  sent: number
  /** From 0 to 1. */
  part: number
  /** A job under way, to name. */
  now: Job | undefined
}

/** What a file counts beyond its bytes, so that a thousand empty files make progress too. */
const perFile = 16 * 1024

/** Adds up jobs. What failed or was skipped is no work any more. */
export function summed(jobs: readonly Job[]): Sum {
  const sum: Sum = { files: 0, done: 0, failed: [], skipped: 0, bytes: 0, sent: 0, part: 0, now: undefined }
  for (const job of jobs) {
    if (job.state === 'failed') sum.failed.push(job)
    if (job.state === 'skipped') sum.skipped++
    if (job.state === 'failed' || job.state === 'skipped') continue
    sum.files++
    sum.bytes += job.file.size
    sum.sent += job.state === 'done' ? job.file.size : job.sent
    if (job.state === 'done') sum.done++
    if (job.state === 'sending') sum.now ??= job
  }
  const work = sum.bytes + sum.files * perFile
  sum.part = work === 0 ? 0 : (sum.sent + sum.done * perFile) / work
  return sum
}
