import { readonly, ref, shallowRef } from 'vue'
import { ocs } from '../api/person'

/** What the server says it can, by section: see capabilities.files.undelete and the like. */
export type Capabilities = Readonly<Record<string, unknown>>

const known = shallowRef<Capabilities>({})

/** What the server can; empty until it has said so. */
export const capabilities = readonly(known)

const answered = ref(false)

/** Whether the server has been asked, and has answered or will not: nothing more turns up by itself. */
export const learnt = readonly(answered)

/** Asks the server what it can. */
export async function learn(): Promise<void> {
  try {
    known.value = (await ocs<{ capabilities: Capabilities }>('GET', '/cloud/capabilities')).capabilities
  } finally {
    answered.value = true
  }
}

/** What stands at a path of names in the capabilities, undefined for nothing. */
export function capability(caps: Capabilities, ...path: string[]): unknown {
  let at: unknown = caps
  for (const name of path) at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined
  return at
}
