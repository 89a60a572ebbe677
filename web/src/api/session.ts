import { send } from './http'
import { emptyAll } from './inbox'

/** The account the server made this page for; '' when a development server did. */
export function pageUser(): string {
  const user = document.documentElement.dataset.user ?? ''
  return user.startsWith('{{') ? '' : user
}

/** What the server is called that made this page. */
export function pageServer(): string {
  const name = document.documentElement.dataset.name ?? ''
  return name === '' || name.startsWith('{{') ? 'Atrium' : name
}

/** The picture beside the name of the server. */
export function pageLogo(): string {
  const logo = document.documentElement.dataset.logo ?? ''
  return logo.startsWith('/') ? logo : '/core/page/icon.svg'
}

/** The addresses of the legal notice and of what is done with data, '' for none. */
export function pageLinks(): { legal: string; privacy: string } {
  const address = (text = ''): string => (/^https?:/.test(text) ? text : '')
  const { legal, privacy } = document.documentElement.dataset
  return { legal: address(legal), privacy: address(privacy) }
}

/** Whether the server can be reached at this moment. */
export const answers = (): Promise<boolean> => send('GET', '/204').then(() => true, () => false)

/** What the person is called whom the server made this page for. */
export function pageName(): string {
  const name = document.documentElement.dataset.person ?? ''
  return name === '' || name.startsWith('{{') ? pageUser() : name
}

/** Leaves for the sign-in page, and comes back here after it. */
export function signIn(): void {
  location.assign(`/login?redirect_url=${encodeURIComponent(location.pathname + location.search)}`)
}

/** Ends the session, and empties what the pages kept in this browser. */
export async function signOut(): Promise<void> {
  const answer = await send('GET', '/csrftoken')
  const said = (await answer.json()) as { token?: string }
  await emptyAll().catch(() => undefined) // a browser that keeps nothing, or the server has it done
  location.assign(`/logout?requesttoken=${encodeURIComponent(said.token ?? '')}`)
}

/** Deletes one's own account with all that is in it, and leaves. */
export async function leaveForGood(): Promise<void> {
  await send('DELETE', '/ocs/v2.php/apps/leave/api/v1/account?format=json')
  await emptyAll().catch(() => undefined)
  location.assign('/login?clear=1')
}

/** Types the password again, after which sensitive things are allowed for a while. A wrong one is an ApiError with status 403. */
export async function confirmPassword(password: string): Promise<void> {
  const body = new URLSearchParams({ password }).toString()
  await send('POST', '/login/confirm', { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body })
}
