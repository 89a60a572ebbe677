import { GlobalWorkerOptions, type PDFDocumentLoadingTask, getDocument } from 'pdfjs-dist'
import workerAddress from 'pdfjs-dist/build/pdf.worker.min.mjs?worker&url'
import { fontAddress } from './pdffonts'

export type { PDFDocumentProxy as Pdf, PDFPageProxy as Page } from 'pdfjs-dist'
export { TextLayer } from 'pdfjs-dist'

/** Hands the reader what lies beside it: fonts that PDF files take for granted. */
class Beside {
  async fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
    const address = kind === 'standardFontDataUrl' ? fontAddress(filename) : undefined
    if (!address) throw new Error(`there is no ${filename}`)
    const answer = await fetch(address)
    if (!answer.ok) throw new Error(`${filename}: ${answer.status}`)
    return new Uint8Array(await answer.arrayBuffer())
  }
}

/** A worker whose code is one of our own assets: the page allows no other (Trusted Types, policy "worker" of the document). */
function ownWorker(address: string): Worker {
  const policy = (globalThis as { trustedTypes?: Policies }).trustedTypes?.createPolicy('worker', {
    createScriptURL: asked => {
      if (!asked.startsWith('/webui/assets/')) throw new TypeError('not an asset of ours')
      return asked
    },
  })
  return new Worker(policy ? (policy.createScriptURL(address) as string) : address, { type: 'module' })
}

/** What of the browser's Trusted Types is used here. */
interface Policies {
  createPolicy(name: string, rules: { createScriptURL(asked: string): string }): { createScriptURL(asked: string): unknown }
}

/** Begins to open a PDF. It is read in a worker of our own, in pieces as they are needed; nothing in it is run. */
export function openPdf(url: string): PDFDocumentLoadingTask {
  GlobalWorkerOptions.workerPort ??= ownWorker(workerAddress)
  return getDocument({
    url, BinaryDataFactory: Beside, useWorkerFetch: false, useWasm: false, disableWorkerRendering: true, enableXfa: false, disableAutoFetch: true, rangeChunkSize: 1 << 18, verbosity: 0,
  })
}
