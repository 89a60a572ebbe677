import { readonly, ref } from 'vue'
import { type Me, me } from '../api/ocs'
import { pageUser } from '../api/session'

const person = ref<Me>({ id: pageUser(), name: pageUser() })

/** Who is signed in. The id is known before anything is shown, the name comes a moment later. */
export const who = readonly(person)

/** Finds out who is signed in. */
export async function meet(): Promise<void> {
  person.value = await me()
}
