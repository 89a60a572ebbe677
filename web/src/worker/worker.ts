import { keep } from '../api/inbox'

/*
 * The service worker: it stands between the page and the server. All it does is to show a page that says so when there
 * is no line to the server, and to take what other programs of the device share with us. It keeps no answer of the
 * server but that page and its assets, which are the same for everybody.
 */

declare const self: ServiceWorkerGlobalScope

/** What the page without a line consists of; the build fills it in. */
declare const __SHELL__: {
  /** Differs from build to build. */
  build: string
  /** The script that its document names. */
  entry: string
  files: readonly string[]
  /** The catalogue of each language. */
  words: Readonly<Record<string, string>>
}

/** The language the page is read in; another one means another address of this worker, and so another worker. */
const language = new URL(self.location.href).searchParams.get('lang') ?? 'en'
const away = `/webui/away?lang=${encodeURIComponent(language)}`
const icon = '/core/page/icon.svg'
const words = __SHELL__.words[language]
const pieces: ReadonlySet<string> = new Set([...__SHELL__.files, ...(words ? [words] : []), icon])
const kept = `atrium-shell ${__SHELL__.build} ${language}`

/** The addresses of the page: downloads and what other rooms of the server show are none of our business. */
const pages = /^\/(index\.php\/?)?($|login$|f\/\d+$|dev\/|apps\/(files|photos)(\/|$)|settings\/(user|admin)(\/|$))/
const shareTo = '/apps/files/share'

self.addEventListener('install', event => event.waitUntil(install()))
self.addEventListener('activate', event => event.waitUntil(activate()))
self.addEventListener('fetch', event => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (origin !== self.location.origin) return
  if (request.method === 'POST' && pathname === shareTo) return event.respondWith(take(request))
  if (request.method !== 'GET') return
  if (request.mode === 'navigate') {
    if (pages.test(pathname)) event.respondWith(page(event))
  } else if (pieces.has(pathname)) event.respondWith(piece(request, pathname))
})

/** Keeps the page and its pieces. The server must be of the same build as this worker: else it fails, and is tried again. */
async function install(): Promise<void> {
  const cache = await caches.open(kept)
  const answer = await fetch(away, { cache: 'reload', credentials: 'omit' })
  if (!answer.ok || !(await answer.clone().text()).includes(__SHELL__.entry)) throw new Error('the server has another build')
  await cache.addAll([...pieces].map(path => new Request(path, { credentials: 'omit' })))
  await cache.put(away, answer)
  await self.skipWaiting()
}

/** Throws away what former workers kept. */
async function activate(): Promise<void> {
  for (const name of await caches.keys()) if (name !== kept) await caches.delete(name)
  await self.registration.navigationPreload?.enable() // the server is asked while this worker starts
}

async function page(event: FetchEvent): Promise<Response> {
  try {
    const answer = (await event.preloadResponse) as Response | undefined
    return answer ?? (await fetch(event.request))
  } catch {
    return (await held(away)) ?? Response.error()
  }
}

/** An asset's name holds a hash of what is in it, so that the one kept is the one asked for; the icon's does not. */
async function piece(request: Request, path: string): Promise<Response> {
  if (path !== icon) return (await held(path)) ?? fetch(request)
  return fetch(request).catch(async () => (await held(path)) ?? Response.error())
}

const held = (path: string): Promise<Response | undefined> => caches.match(path, { cacheName: kept, ignoreVary: true })

/** Keeps what the device's share sheet posts, and leads to the page, which asks where it is to go. */
async function take(request: Request): Promise<Response> {
  const id = await request.formData().then(form => keep(form, Date.now())).catch(() => 'missed')
  return Response.redirect(`/apps/files/files?shared=${id}`, 303)
}
