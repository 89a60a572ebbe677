import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateKeyPairSync } from 'node:crypto'

/** A fake OpenID provider that says what it is, and lets nobody in. */
export async function fakeProvider(): Promise<{ address: string; close(): Promise<void> }> {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server: Server = createServer((request, answer) => {
    const at = addressOf(server)
    const said: Record<string, object> = {
      '/.well-known/openid-configuration': {
        issuer: at, authorization_endpoint: `${at}/fake/authorize`, token_endpoint: `${at}/fake/token`, userinfo_endpoint: `${at}/fake/me`, end_session_endpoint: `${at}/fake/end`, jwks_uri: `${at}/fake/keys`,
        code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['client_secret_basic'],
      },
      '/fake/keys': { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'fake', use: 'sig' }] },
    }
    const found = said[request.url ?? '']
    answer.writeHead(found ? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify(found ?? { error: 'this fake knows nothing of it' }))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return { address: addressOf(server), close: () => new Promise(done => server.close(() => done())) }
}

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
