import { ref, type Ref } from 'vue'

/** Takes files that are dragged over an element and dropped there. */
export function useDropZone(open: Readonly<Ref<boolean>>, take: (data: DataTransfer) => void) {
  const over = ref(false)
  let depth = 0 // enter and leave come for every element below, too

  const carries = (event: DragEvent): boolean => open.value && (event.dataTransfer?.types.includes('Files') ?? false)

  function settle(change: number): void {
    depth = Math.max(0, depth + change)
    over.value = depth > 0
  }

  const handlers = {
    dragenter: (event: DragEvent) => {
      if (carries(event)) settle(1)
    },
    dragover: (event: DragEvent) => {
      if (!carries(event) || !event.dataTransfer) return
      event.preventDefault()
      event.dataTransfer.dropEffect = 'copy'
    },
    dragleave: (event: DragEvent) => {
      if (carries(event)) settle(-1)
    },
    drop: (event: DragEvent) => {
      settle(-depth)
      if (!carries(event) || !event.dataTransfer) return
      event.preventDefault()
      take(event.dataTransfer)
    },
  }
  return { over, handlers }
}
