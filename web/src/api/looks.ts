import { send } from './http'
import { ocs } from './person'

/** What a colour makes of one theme. */
export interface Shades {
  accent: string
  ink: string
  strong: string
  chosen: string
}

export type Picture = 'logo' | 'logoheader' | 'favicon' | 'background'

/** How a colour would look in both themes; nothing is changed. */
export const shadesOf = (color: string): Promise<{ light: Shades; dark: Shades }> => ocs('GET', `/apps/theming/api/v1/shades?color=${encodeURIComponent(color)}`)

/** The addresses of the pictures that were chosen, '' where the server's own holds. */
export const picturesChosen = (): Promise<Record<Picture, string>> => ocs('GET', '/apps/theming/api/v1/pictures')

const post = (what: string, body: FormData): Promise<Response> => send('POST', `/apps/theming/ajax/${what}`, { body })

/** Puts a picture in the place of the server's own. */
export async function putPicture(key: Picture, file: File): Promise<void> {
  const form = new FormData()
  form.append('key', key)
  form.append('image', file)
  await post('uploadImage', form)
}

/** Puts the server's own picture back. */
export async function dropPicture(key: Picture): Promise<void> {
  await send('POST', '/apps/theming/ajax/undoChanges', { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ setting: key }) })
}
