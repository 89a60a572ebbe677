import { ref, watch } from 'vue'

/** What a person came for, such as the files of a folder, is in sight; all that can wait has waited for it. */
const shown = ref(false)

/** Says that it is there. */
export function arrived(): void {
  requestAnimationFrame(() => setTimeout(() => (shown.value = true)))
}

/** Waits until what a person came for is shown: for what is nice to have and would be in its way. */
export async function afterFirst(): Promise<void> {
  if (!shown.value) await new Promise<void>(done => watch(shown, () => done(), { once: true }))
}
