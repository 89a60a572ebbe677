import { pageServer } from '../api/session'
import { t } from './words'

/** Names the window after what it shows, and the server. */
export function entitle(title: string): void {
  document.title = t('{title} – {server}', { title, server: pageServer() })
}
