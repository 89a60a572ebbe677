import { onScopeDispose, readonly, ref } from 'vue'
import { type News, listen } from '../api/push'
import { capabilities, capability } from './capabilities'

type Hearer = (news: News) => void

const hearers = new Set<Hearer>()
/** Milliseconds before a line that was cut is opened again: longer after each time. */
const pauses = [1000, 5000, 15_000, 60_000]

const line = ref(false)

/** Whether the server can tell of news at this moment. */
export const tuned = readonly(line)

/** Calls f when the server tells of news of this kind, for as long as the component lives; and once whenever the line stands again or at last, since something may have been missed. */
export function onNews(kind: News, f: () => void): void {
  const hear: Hearer = news => news === kind && f()
  hearers.add(hear)
  onScopeDispose(() => hearers.delete(hear))
}

const tell = (news: News): void => hearers.forEach(hear => hear(news))

/** Keeps a line to the server open on which it tells of news. */
export async function stayTuned(tries = 0): Promise<void> {
  const websocket = capability(capabilities.value, 'notify_push', 'endpoints', 'websocket')
  const preAuth = capability(capabilities.value, 'notify_push', 'endpoints', 'pre_auth')
  if (typeof websocket !== 'string' || typeof preAuth !== 'string') return
  let failures = tries
  const again = (): void => {
    line.value = false
    setTimeout(() => void stayTuned(failures + 1), pauses[Math.min(failures, pauses.length - 1)])
  }
  const welcome = (): void => {
    line.value = true
    for (const news of ['files', 'activities', 'notifications'] as const) tell(news)
    failures = 0
  }
  await listen({ websocket, preAuth }, tell, welcome, again).catch(again)
}
