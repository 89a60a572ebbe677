import { onScopeDispose, ref, type Ref } from 'vue'

/**
 * Takes files that are dropped anywhere on the page or pasted into it, as long as it is open, and tells whether some are held over it.
 * It keeps the browser from opening what is dropped in any case: the page would be gone.
 */
export function useDropZone(open: Readonly<Ref<boolean>>, take: (data: DataTransfer) => void): Readonly<Ref<boolean>> {
  const over = ref(false)
  let depth = 0 // enter and leave come for every element on the way

  function handle(event: DragEvent): void {
    const data = event.dataTransfer
    if (!data?.types.includes('Files')) return
    event.preventDefault()
    data.dropEffect = open.value ? 'copy' : 'none'
    if (event.type === 'dragenter') depth++
    if (event.type === 'dragleave') depth = Math.max(0, depth - 1)
    if (event.type === 'drop') depth = 0
    over.value = open.value && depth > 0
    if (event.type === 'drop' && open.value) take(data)
  }

  function paste(event: ClipboardEvent): void {
    const data = event.clipboardData
    if (!open.value || !data?.types.includes('Files') || (event.target instanceof Element && event.target.closest('input, textarea, dialog'))) return
    event.preventDefault()
    take(data)
  }

  const types = ['dragenter', 'dragover', 'dragleave', 'drop'] as const
  for (const type of types) document.addEventListener(type, handle)
  document.addEventListener('paste', paste)
  onScopeDispose(() => {
    for (const type of types) document.removeEventListener(type, handle)
    document.removeEventListener('paste', paste)
  })
  return over
}
