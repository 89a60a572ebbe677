import { deflateSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { expect, vi } from 'vitest'
import { dav } from './server'

// Small files of real sorts, made here so that nothing binary lies in the repository.

const crcs = Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c >>> 0
})
const crc = (bytes: Uint8Array): number => (bytes.reduce((c, b) => (crcs[(c ^ b) & 255] ?? 0) ^ (c >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0

function chunk(type: string, body: Uint8Array): Buffer {
  const inside = Buffer.concat([Buffer.from(type), body])
  const out = Buffer.alloc(inside.length + 8)
  out.writeUInt32BE(body.length, 0)
  inside.copy(out, 4)
  out.writeUInt32BE(crc(inside), inside.length + 4)
  return out
}

/** A PNG of a sky above a sea, in a colour of its own. */
export function png(width: number, height: number, hue: number): Uint8Array<ArrayBuffer> {
  const rows = Buffer.alloc((width * 3 + 1) * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (width * 3 + 1) + 1 + x * 3
      const sun = Math.hypot(x - width * 0.7, y - height * 0.35) < Math.min(width, height) / 8
      const sea = y > height * (0.62 + 0.03 * Math.sin((x / width) * 18 + hue))
      const light = sun ? 250 : sea ? 70 + (y / height) * 40 : 120 + (y / height) * 110
      for (let c = 0; c < 3; c++) rows[at + c] = Math.min(255, light * (0.75 + 0.35 * Math.sin(hue + c * 2)))
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  return new Uint8Array(Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', deflateSync(rows, { level: 1 })), chunk('IEND', new Uint8Array())]))
}

/** A JPEG drawn by the browser, with what a camera would tell: maker, model, when and where. */
export async function jpeg(page: Page, width: number, height: number, taken: string): Promise<Uint8Array<ArrayBuffer>> {
  const base64 = await page.evaluate(([w = 1, h = 1]) => {
    const canvas = document.createElement('canvas')
    ;[canvas.width, canvas.height] = [w, h]
    const ctx = canvas.getContext('2d') as CanvasRenderingContext2D
    const sky = ctx.createLinearGradient(0, 0, 0, h)
    for (const [at, colour] of [[0, '#1d3b66'], [0.5, '#e08a5b'], [0.6, '#f6d9a3'], [0.61, '#274a5c'], [1, '#0d1c26']] as const) sky.addColorStop(at, colour)
    ctx.fillStyle = sky
    ctx.fillRect(0, 0, w, h)
    return canvas.toDataURL('image/jpeg', 0.8).split(',')[1] ?? ''
  }, [width, height])
  const plain = Buffer.from(base64, 'base64')
  const exif = Buffer.concat([Buffer.from('Exif\0\0'), tiff(taken)])
  const head = Buffer.from([0xff, 0xe1, (exif.length + 2) >> 8, (exif.length + 2) & 255])
  return new Uint8Array(Buffer.concat([plain.subarray(0, 2), head, exif, plain.subarray(2)]))
}

/** The TIFF in which Exif is written: three directories of tags, and their values behind them. */
function tiff(taken: string): Buffer {
  const rational = (...pairs: number[]): Buffer => {
    const out = Buffer.alloc(pairs.length * 4)
    pairs.forEach((n, i) => out.writeUInt32BE(n, i * 4))
    return out
  }
  const long = (n: number): Buffer => rational(n)
  const text = (s: string): Buffer => Buffer.from(`${s}\0`)
  type Tag = [number, number, number, Buffer]
  const directory = (tags: Tag[], at: number): Buffer => {
    const head = Buffer.alloc(2 + tags.length * 12 + 4)
    head.writeUInt16BE(tags.length, 0)
    const values: Buffer[] = []
    let behind = at + head.length
    tags.forEach(([id, type, count, value], i) => {
      const o = 2 + i * 12
      head.writeUInt16BE(id, o)
      head.writeUInt16BE(type, o + 2)
      head.writeUInt32BE(count, o + 4)
      if (value.length <= 4) value.copy(head, o + 8)
      else {
        head.writeUInt32BE(behind, o + 8)
        values.push(value)
        behind += value.length
      }
    })
    return Buffer.concat([head, ...values])
  }
  const exifTags: Tag[] = [[0x829a, 5, 1, rational(1, 250)], [0x829d, 5, 1, rational(28, 10)], [0x9003, 2, 20, text(taken)], [0x920a, 5, 1, rational(35, 1)]]
  const place: Tag[] = [[1, 2, 2, text('N')], [2, 5, 3, rational(54, 1, 18, 1, 0, 1)], [3, 2, 2, text('E')], [4, 5, 3, rational(13, 1, 6, 1, 0, 1)]]
  const first = (exif: number, gps: number): Tag[] => [[0x10f, 2, 8, text('Example')], [0x110, 2, 10, text('Seaside 1')], [0x8769, 4, 1, long(exif)], [0x8825, 4, 1, long(gps)]]
  const size = directory(first(0, 0), 8).length
  const exifAt = 8 + size
  const gpsAt = exifAt + directory(exifTags, exifAt).length
  return Buffer.concat([Buffer.from('MM\0*\0\0\0\x08', 'latin1'), directory(first(exifAt, gpsAt), 8), directory(exifTags, exifAt), directory(place, gpsAt)])
}

/** Some seconds of a quiet tone. */
export function wav(seconds: number): Uint8Array<ArrayBuffer> {
  const rate = 8000
  const out = Buffer.alloc(44 + rate * seconds, 128)
  out.write('RIFF')
  out.writeUInt32LE(36 + rate * seconds, 4)
  out.write('WAVEfmt ', 8)
  out.writeUInt32LE(16, 16)
  out.writeUInt16LE(1, 20)
  out.writeUInt16LE(1, 22)
  out.writeUInt32LE(rate, 24)
  out.writeUInt32LE(rate, 28)
  out.writeUInt16LE(1, 32)
  out.writeUInt16LE(8, 34)
  out.write('data', 36)
  out.writeUInt32LE(rate * seconds, 40)
  for (let i = 0; i < rate * seconds; i++) out[44 + i] = 128 + Math.round(8 * Math.sin((i / rate) * 440 * 2 * Math.PI))
  return new Uint8Array(out)
}

/** A film that the browser records of a canvas. */
export async function webm(page: Page): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await page.evaluate(async () => {
    const canvas = document.createElement('canvas')
    ;[canvas.width, canvas.height] = [320, 180]
    const ctx = canvas.getContext('2d') as CanvasRenderingContext2D
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm;codecs=vp8' })
    const pieces: Blob[] = []
    recorder.ondataavailable = event => void pieces.push(event.data)
    recorder.start()
    for (let i = 0; i < 25; i++) {
      ctx.fillStyle = `hsl(${i * 12} 60% 50%)`
      ctx.fillRect(0, 0, 320, 180)
      await new Promise(requestAnimationFrame)
    }
    await new Promise(resolve => {
      recorder.onstop = resolve
      recorder.stop()
    })
    return [...new Uint8Array(await new Blob(pieces).arrayBuffer())]
  })
  return new Uint8Array(bytes)
}

/** A PDF with a line on each of its pages. */
export function pdf(pages: number): Uint8Array<ArrayBuffer> {
  const objects: string[] = ['<< /Type /Catalog /Pages 2 0 R >>', '', '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>']
  const kids: number[] = []
  for (let n = 1; n <= pages; n++) {
    const content = `BT /F1 28 Tf 72 720 Td (Chapter ${n}) Tj 0 -40 Td /F1 14 Tf (The tide comes in and goes out again.) Tj ET 0.2 0.45 0.7 rg 72 300 451 200 re f`
    objects.push(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`)
    objects.push(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${objects.length} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`)
    kids.push(objects.length)
  }
  objects[1] = `<< /Type /Pages /Count ${pages} /Kids [${kids.map(k => `${k} 0 R`).join(' ')}] >>`
  let text = '%PDF-1.4\n'
  const at = objects.map((object, i) => {
    const begins = text.length
    text += `${i + 1} 0 obj\n${object}\nendobj\n`
    return begins
  })
  const xref = text.length
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${at.map(a => `${String(a).padStart(10, '0')} 00000 n \n`).join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

/** Waits until the server has read what a picture tells of itself, which it does after the upload. */
export async function read(path: string): Promise<void> {
  const props = '<d:propfind xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:prop><nc:metadata-photos-size/></d:prop></d:propfind>'
  await vi.waitFor(async () => expect(await (await dav('PROPFIND', path, props, { Depth: '0' })).text()).toContain('<width>'), { timeout: 60_000, interval: 200 })
}
