import { addressOf } from './dav'
import { send } from './http'
import { propfindBody } from './propfind'
import { XmlReader } from './xml'

/** Where a picture was taken, in degrees; north and east are positive. */
export interface Place {
  latitude: number
  longitude: number
}

/** What a picture or film tells of itself. */
export interface About {
  /** Pixels, upright; 0 if not known. */
  width: number
  height: number
  /** Milliseconds since 1970, as the clock of the camera showed it; 0 if not known. */
  taken: number
  place: Place | undefined
  /** How it was taken, and with what, by the names of the tags of Exif. */
  tags: ReadonlyMap<string, string>
  /** Whether its contents may be changed. */
  mayChange: boolean
}

const wanted = propfindBody(
  '<oc:permissions/><nc:metadata-photos-size/><nc:metadata-photos-original_date_time/><nc:metadata-photos-gps/><nc:metadata-photos-exif/><nc:metadata-photos-ifd0/>',
)

/** Asks what a file tells of itself. */
export async function about(user: string, path: string, signal?: AbortSignal): Promise<About> {
  const answer = await send('PROPFIND', addressOf(user, path), { headers: { Depth: '0', 'Content-Type': 'application/xml; charset=utf-8', Prefer: 'return=minimal' }, body: wanted, signal })
  return aboutIn(await answer.text())
}

/** Reads the answer: the elements within each property. Exported for its test. */
export function aboutIn(xml: string): About {
  const found = new Map<string, Map<string, string>>()
  const path: string[] = []
  const reader = new XmlReader({
    open(name) {
      path.push(name.replace(/^\{.*\}/, ''))
    },
    text(text) {
      const at = path.indexOf('prop')
      const [property, element = ''] = at < 0 ? [] : path.slice(at + 1)
      if (!property) return
      const inside = found.get(property) ?? new Map<string, string>()
      inside.set(element, (inside.get(element) ?? '') + text)
      found.set(property, inside)
    },
    close() {
      path.pop()
    },
  })
  reader.push(xml)
  reader.end()
  const text = (property: string, element = ''): string => found.get(`metadata-photos-${property}`)?.get(element)?.trim() ?? ''
  const latitude = text('gps', 'latitude')
  return {
    width: Number(text('size', 'width')) || 0,
    height: Number(text('size', 'height')) || 0,
    taken: (Number(text('original_date_time')) || 0) * 1000,
    place: latitude === '' ? undefined : { latitude: Number(latitude), longitude: Number(text('gps', 'longitude')) },
    tags: new Map([...(found.get('metadata-photos-ifd0') ?? []), ...(found.get('metadata-photos-exif') ?? [])].filter(([name]) => name !== '')),
    mayChange: found.get('permissions')?.get('')?.includes('W') === true,
  }
}
