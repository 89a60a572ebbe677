import type { Entry } from '../../api/dav'
import { type AddedAction, choose, embedded } from '../../api/external'
import { complain, tell } from '../../kit/notices'
import { t } from '../../kit/words'
import { goTo } from '../../kit/way'

/** Has an app do what it offers, and goes where it wants people to go then. */
export async function act(action: AddedAction, entries: readonly Entry[]): Promise<void> {
  try {
    const to = await choose(action, entries.map(e => e.id))
    if (to === '') return tell(t('“{action}” was handed to the app.', { action: action.label }))
    const [page = '', query = ''] = to.split('?')
    await goTo(`${embedded(action.app, page)}?${[query, `fileIds=${entries.map(e => encodeURIComponent(e.id)).join(',')}`].filter(s => s !== '').join('&')}`)
  } catch (error) {
    complain(t('“{action}” did not happen.', { action: action.label }), error)
  }
}
