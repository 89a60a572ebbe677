import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { base } from './browser'

/** An external app as it runs: a server of its own that starts at once, and calls Atrium by today's protocol. */
export interface App {
  port: number
  /** What it heard last of whether it is enabled: '1', '0', or '' for nothing. */
  enabled: () => string
  /** Calls Atrium with a secret, on behalf of nobody, and tells the status. */
  call(secret: string, method: string, path: string, body?: object): Promise<number>
  close(): Promise<void>
}

export async function externalApp(id: string): Promise<App> {
  let enabled = ''
  const server: Server = createServer((request, answer) => {
    const url = new URL(request.url ?? '/', 'http://app')
    answer.setHeader('Content-Type', 'application/json')
    if (url.pathname === '/enabled') enabled = url.searchParams.get('enabled') ?? ''
    if (url.pathname === '/init') answer.statusCode = 404 // nothing to prepare
    answer.end(JSON.stringify(url.pathname === '/heartbeat' ? { status: 'ok' } : { error: '' }))
  })
  await new Promise<void>(up => server.listen(0, '127.0.0.1', up))
  return {
    port: (server.address() as AddressInfo).port,
    enabled: () => enabled,
    async call(secret, method, path, body) {
      const answer = await fetch(`${base}/ocs/v2.php/apps/app_api${path}`, {
        method, body: body ? JSON.stringify(body) : null,
        headers: { 'OCS-APIRequest': 'true', 'Content-Type': 'application/json', 'EX-APP-ID': id, 'EX-APP-VERSION': '1.2.0', 'AUTHORIZATION-APP-API': Buffer.from(`:${secret}`).toString('base64') },
      })
      await answer.arrayBuffer()
      return answer.status
    },
    close: () => new Promise(done => {
      server.closeAllConnections()
      server.close(() => done())
    }),
  }
}
