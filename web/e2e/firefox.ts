import { firefox } from 'playwright-core'
import { base, common, need, started } from './browser'

// Playwright speaks WebDriver BiDi with Firefox as it is installed (docs/adr/008-firefox.md). It asks for one thing that
// Firefox ESR does not know yet, and nothing works without an answer to it: that answer is given here.

interface Message {
  id: number
  method: string
}

/** How messages go to the browser, and answers come. */
interface Transport {
  send(message: Message): void
  onmessage?: (answer: { type: 'success'; id: number; result: object }) => void
}

/** What is used of the inside of Playwright, whose version is pinned. */
interface Inside {
  _connection: { toImpl(of: unknown): { _bidiFirefox: { connectToTransport(transport: Transport, ...more: unknown[]): Promise<unknown> } } }
}

/** Themes are not emulated: pages look light unless somebody chooses otherwise in their settings. */
const unknown = 'emulation.setMediaFeaturesOverride'

function answering(transport: Transport): Transport {
  const send = transport.send.bind(transport)
  transport.send = message => {
    if (message.method === unknown) queueMicrotask(() => transport.onmessage?.({ type: 'success', id: message.id, result: {} }))
    else send(message)
  }
  return transport
}

/** Firefox for one file of stories, as browser() is Chromium. */
export function firefoxBrowser() {
  const bidi = (firefox as unknown as Inside)._connection.toImpl(firefox)._bidiFirefox
  const connect = bidi.connectToTransport.bind(bidi)
  bidi.connectToTransport = (transport, ...more) => connect(answering(transport), ...more)
  return started(profile => firefox.launchPersistentContext(profile, { ...common, channel: 'moz-firefox', executablePath: need('E2E_FIREFOX') }), () => base)
}
