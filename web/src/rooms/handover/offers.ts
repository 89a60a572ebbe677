import { type Offer, accept, endOffer, offers } from '../../api/transfer'
import { useLoaded } from '../../kit/loaded'
import { onNews } from '../../kit/live'
import { tell } from '../../kit/notices'
import { useTask } from '../../kit/task'
import { t } from '../../kit/words'

/** The offers somebody makes and gets, and what can be done about them. */
export function useOffers() {
  const { has, failure, load } = useLoaded(offers)
  const { busy, attempt } = useTask()

  /** Answers an offer, and shows which are left: another may have been answered elsewhere. */
  async function answer(failed: string, act: () => Promise<unknown>, done: string): Promise<void> {
    if (await attempt(failed, act)) tell(done)
    await load()
  }

  onNews('notifications', () => busy.value || void load())
  return {
    has, failure, load, busy,
    take: ({ id, name, display }: Offer) => answer(t('“{name}” was not handed over.', { name }), () => accept(id), t('“{name}” is yours now. It lies in a folder that is named after {person}.', { name, person: display })),
    decline: ({ id, name }: Offer) => answer(t('The offer stands.'), () => endOffer(id), t('You declined “{name}”.', { name })),
    withdraw: ({ id, name }: Offer) => answer(t('The offer stands.'), () => endOffer(id), t('“{name}” is no longer offered.', { name })),
  }
}
