import { propfind, propfindBody } from './propfind'

/** A word that is put on files, for everybody who sees them. */
export interface Tag {
  id: string
  name: string
  /** Six hexadecimal digits; '' for none. */
  color: string
}

const oc = (local: string): string => `{http://owncloud.org/ns}${local}`
const props = propfindBody('<oc:id/><oc:display-name/><oc:user-visible/><nc:color/>')

/** All tags that can be seen, by name. */
export async function tags(signal?: AbortSignal): Promise<Tag[]> {
  const all: Tag[] = []
  await propfind('/remote.php/dav/systemtags/', '1', props, ({ props: found }) => {
    const id = found.get(oc('id'))
    if (id) all.push({ id, name: found.get(oc('display-name')) ?? '', color: found.get('{http://nextcloud.org/ns}color') ?? '' })
  }, signal)
  return all.sort((a, b) => a.name.localeCompare(b.name))
}
