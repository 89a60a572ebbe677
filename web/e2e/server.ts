import { createHash } from 'node:crypto'
import { base, password, user } from './browser'

const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

export const addressOf = (path: string): string =>
  `${base}/remote.php/dav/files/${encodeURIComponent(user)}${path.split('/').map(encodeURIComponent).join('/')}`

/** Asks the server past the browser, as another client would. Throws unless it is content. */
export async function dav(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> {
  const answer = await fetch(addressOf(path), { method, headers: { Authorization: authorization, ...headers }, ...(body === undefined ? {} : { body }) })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer
}

/** The names in a folder. */
export async function names(path: string): Promise<string[]> {
  const answer = await dav('PROPFIND', path, undefined, { Depth: '1' })
  const hrefs = [...(await answer.text()).matchAll(/<d:href>([^<]*)<\/d:href>/g)].map(m => decodeURIComponent(m[1] ?? ''))
  return hrefs.slice(1).map(href => href.replace(/\/$/, '').split('/').at(-1) ?? '').sort()
}

/** Does something for each of n numbers, some at a time. */
export async function many(n: number, act: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (let i = next++; i < n; i = next++) await act(i)
  }))
}

/** Puts n small files into a folder that there is, a thousand in a request. */
export async function fill(folder: string, n: number, name: (i: number) => string): Promise<void> {
  for (let from = 0; from < n; from += 1000) {
    const parts = Array.from({ length: Math.min(1000, n - from) }, (_, k) => {
      const text = `${from + k}`
      return `--part\r\nContent-Length: ${text.length}\r\nX-File-Path: ${folder}/${name(from + k)}\r\nX-File-MD5: ${createHash('md5').update(text).digest('hex')}\r\nX-File-Mtime: 1700000000\r\n\r\n${text}\r\n`
    })
    const answer = await fetch(`${base}/remote.php/dav/bulk`, { method: 'POST', headers: { Authorization: authorization, 'Content-Type': 'multipart/related; boundary=part' }, body: `${parts.join('')}--part--\r\n` })
    const said = await answer.text()
    if (!answer.ok || said.includes('"error":true')) throw new Error(`bulk: ${answer.status} ${said.slice(0, 200)}`)
  }
}

/** Calls an OCS endpoint past the browser, and returns its data. */
export async function ocs<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await fetch(`${base}/ocs/v2.php${path}${path.includes('?') ? '&' : '?'}format=json`, {
    method, headers: { Authorization: authorization, 'OCS-APIRequest': 'true', 'Content-Type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { ocs: { data: T } }).ocs.data
}
