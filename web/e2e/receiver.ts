import { createHmac } from 'node:crypto'
import { type IncomingHttpHeaders, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What came to a receiver. */
export interface Received {
  method: string
  headers: IncomingHttpHeaders
  body: string
}

/** A receiver of webhooks, which answers each of them with its present status. */
export async function receiver(): Promise<{ address: string; got: Received[]; answer: { status: number }; close(): Promise<void> }> {
  const got: Received[] = []
  const answer = { status: 200 }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      got.push({ method: request.method ?? '', headers: request.headers, body: Buffer.concat(parts).toString() })
      response.writeHead(answer.status, { Connection: 'close' }).end()
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got, answer, close: () => new Promise(done => server.close(() => done())) }
}

/** Whether a request is signed by a secret, as Standard Webhooks says. */
export function signedBy(secret: string, r: Received): boolean {
  const sum = createHmac('sha256', Buffer.from(secret.replace('whsec_', ''), 'base64')).update(`${r.headers['webhook-id']}.${r.headers['webhook-timestamp']}.${r.body}`).digest('base64')
  return r.headers['webhook-signature'] === `v1,${sum}`
}
