import { GlobalWorkerOptions, type PDFDocumentLoadingTask, getDocument } from 'pdfjs-dist'
import workerAddress from 'pdfjs-dist/build/pdf.worker.min.mjs?worker&url'
import { trusted } from '../../kit/trusted'
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

/** Begins to open a PDF. It is read in a worker of our own, in pieces as they are needed; nothing in it is run. */
export function openPdf(url: string): PDFDocumentLoadingTask {
  GlobalWorkerOptions.workerPort ??= new Worker(trusted(workerAddress), { type: 'module' })
  return getDocument({
    url, BinaryDataFactory: Beside, useWorkerFetch: false, useWasm: false, disableWorkerRendering: true, enableXfa: false, disableAutoFetch: true, rangeChunkSize: 1 << 18, verbosity: 0,
  })
}
