/** A keytab as programs of a realm write it (format 5.2), with a key of AES 256 for each service such as HTTP/localhost. */
export function keytab(realm: string, ...services: string[]): Buffer {
  const short = (n: number): Buffer => Buffer.from([n >> 8, n & 255])
  const long = (n: number): Buffer => Buffer.concat([short(n >>> 16), short(n & 65535)])
  const text = (s: string): Buffer => Buffer.concat([short(Buffer.byteLength(s)), Buffer.from(s)])
  const entries = services.map(service => {
    const parts = service.split('/')
    const entry = Buffer.concat([short(parts.length), text(realm), ...parts.map(text), long(1), long(1), Buffer.from([3]), short(18), short(32), Buffer.alloc(32, 7), long(3)])
    return Buffer.concat([long(entry.length), entry])
  })
  return Buffer.concat([Buffer.from([5, 2]), ...entries])
}
