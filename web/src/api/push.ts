import { send } from './http'

/** What there may be news of. */
export type News = 'files' | 'activities' | 'notifications'

const kinds: Record<string, News> = { notify_file: 'files', notify_file_id: 'files', notify_activity: 'activities', notify_notification: 'notifications' }

/** What a message of the server tells of, undefined for what we do not know. Exported for its test. */
export const newsIn = (message: string): News | undefined => kinds[message.split(' ', 1)[0] ?? '']

/** Opens a line on which the server tells that there is news. ended is called once, when the line is cut; welcome when it stands. */
export async function listen(endpoints: { websocket: string; preAuth: string }, heard: (news: News) => void, welcome: () => void, ended: () => void): Promise<() => void> {
  const token = await (await send('POST', pathOf(endpoints.preAuth))).text()
  const line = new WebSocket(endpoints.websocket)
  line.onopen = () => {
    line.send('')
    line.send(token)
  }
  line.onmessage = (event: MessageEvent<unknown>) => {
    if (event.data === 'authenticated') return welcome()
    const news = typeof event.data === 'string' ? newsIn(event.data) : undefined
    if (news) heard(news)
  }
  line.onclose = ended
  return () => {
    line.onclose = null
    line.close()
  }
}

const pathOf = (url: string): string => new URL(url, location.origin).pathname
