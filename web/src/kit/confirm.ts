import { ref, shallowReadonly } from 'vue'
import { ApiError } from '../api/http'

/** Somebody gave up confirming. What they wanted did not happen, and they know it. */
export class NotConfirmed extends Error {
  constructor() {
    super('not confirmed')
    this.name = 'NotConfirmed'
  }
}

interface Question {
  answer: (confirmed: boolean) => void
}

const question = ref<Question>()

/** What waits for the person to confirm who they are; the shell shows a dialog as long as there is something. */
export const confirming = shallowReadonly(question)

let asked: Promise<boolean> | undefined

/** Has the person confirm who they are; several that ask at once share one dialog. */
function ask(): Promise<boolean> {
  asked ??= new Promise<boolean>(resolve => {
    question.value = {
      answer: confirmed => {
        question.value = undefined
        asked = undefined
        resolve(confirmed)
      },
    }
  })
  return asked
}

/** Whether the server refused because the password was typed too long ago (web.Confirmed). */
export const wantsConfirmation = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 403 && error.message.startsWith('Password confirmation is required')

/** Does something sensitive: where the server asks for the password again, so does this, and then does it. Throws NotConfirmed. */
export async function confirmed<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!wantsConfirmation(error)) throw error
    if (!(await ask())) throw new NotConfirmed()
    return act()
  }
}
