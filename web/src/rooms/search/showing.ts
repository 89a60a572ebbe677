import { ref } from 'vue'

/** Whether the search is open. */
export const showing = ref(false)
