import { readonly, ref } from 'vue'
import { type Me, me } from '../api/ocs'
import { pageName, pageUser } from '../api/session'

const person = ref<Me>({ id: pageUser(), name: pageName() })

/** Who is signed in, as the page was made for. */
export const who = readonly(person)

/** Finds out who is signed in. */
export async function meet(): Promise<void> {
  person.value = await me()
}
