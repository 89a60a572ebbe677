import { send } from './http'
import type { Found } from './multistatus'
import { propfind, propfindBody } from './propfind'

/** What a file once was. */
export interface Version {
  /** Under what the server keeps it. */
  key: string
  size: number
  /** Milliseconds since 1970. */
  modified: number
  label: string
  author: string
}

const nc = (local: string): string => `{http://nextcloud.org/ns}${local}`
const props = propfindBody('<d:getcontentlength/><d:getlastmodified/><nc:version-label/><nc:version-author/>')
const folder = (user: string): string => `/remote.php/dav/versions/${encodeURIComponent(user)}`

/** Where one version of a file can be read. */
export const versionAddress = (user: string, file: string, key: string): string => `${folder(user)}/versions/${encodeURIComponent(file)}/${encodeURIComponent(key)}`

/** The versions of a file by its number, the newest first. */
export async function versions(user: string, file: string): Promise<Version[]> {
  const all: Version[] = []
  const top = `${folder(user)}/versions/${encodeURIComponent(file)}`
  await propfind(top, '1', props, found => {
    if (found.href.replace(/\/+$/, '') !== top) all.push(versionIn(found))
  })
  return all.sort((a, b) => b.modified - a.modified)
}

/** Reads one version. Exported for its test. */
export function versionIn(found: Found): Version {
  const prop = (name: string): string => found.props.get(name) ?? ''
  const modified = Date.parse(prop('{DAV:}getlastmodified'))
  return {
    key: decodeURIComponent(found.href.replace(/\/+$/, '').replace(/^.*\//, '')),
    size: Number(prop('{DAV:}getcontentlength')) || 0,
    modified: Number.isNaN(modified) ? 0 : modified,
    label: prop(nc('version-label')), author: prop(nc('version-author')),
  }
}

/** Makes a version the file again; what the file is now becomes a version. */
export async function restoreVersion(user: string, file: string, key: string): Promise<void> {
  await send('MOVE', versionAddress(user, file, key), { headers: { Destination: `${location.origin}${folder(user)}/restore/target` } })
}

export async function removeVersion(user: string, file: string, key: string): Promise<void> {
  await send('DELETE', versionAddress(user, file, key))
}

/** Names a version, which then is kept; '' takes the name away. */
export async function nameVersion(user: string, file: string, key: string, label: string): Promise<void> {
  const text = label.replace(/[&<>]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? c)
  const body = `<?xml version="1.0"?><d:propertyupdate xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:set><d:prop><nc:version-label>${text}</nc:version-label></d:prop></d:set></d:propertyupdate>`
  await send('PROPPATCH', versionAddress(user, file, key), { headers: { 'Content-Type': 'application/xml; charset=utf-8' }, body })
}
