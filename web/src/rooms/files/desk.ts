import { computed, nextTick, ref, shallowRef, watch, type Ref } from 'vue'
import { type Entry, addressOf, makeFolder, move, stat } from '../../api/dav'
import { purge, restore, trash } from '../../api/trash'
import { capabilities, capability } from '../../kit/capabilities'
import { counted } from '../../kit/format'
import { onNews } from '../../kit/live'
import { complain, reason, tell } from '../../kit/notices'
import { useOpeners } from '../../kit/offers'
import { type Column, type Order, filtered, sorted } from '../../kit/order'
import { join, objection, parentOf } from '../../kit/paths'
import { each } from '../../kit/some'
import { useSelection } from '../../kit/selection'
import { download } from './actions/download'
import { type Removal, removeAll } from './actions/remove'
import { renamed, useFolder } from './folder'

export type Asking = { what: 'folder' } | { what: 'delete'; entries: readonly Entry[] } | { what: 'help' } | undefined

const orderKey = 'atrium.files.order'

function keptOrder(): Order {
  const [column, way] = (localStorage.getItem(orderKey) ?? '').split(' ')
  return { column: column === 'size' || column === 'modified' ? column : 'name', down: way === 'down' }
}

/** Everything that can be done with the folder at a path. go leads to another one. */
export function useDesk(user: string, path: Ref<string>, file: Ref<string>, go: (path: string) => void) {
  const folder = useFolder(user, path)
  const openFile = useOpeners()
  const filter = ref('')
  const order = shallowRef(keptOrder())
  const rows = computed(() => sorted(filtered(folder.entries.value, filter.value), order.value))
  const selection = useSelection(rows)
  const names = computed(() => new Set(folder.entries.value.map(e => e.name)))
  const renaming = ref('')
  const asking = shallowRef<Asking>()
  /** Counts up when a row is to be scrolled to: the active one. */
  const pointing = ref(0)
  let from = ''

  function point(ids: string[]): void {
    selection.show(ids)
    void nextTick(() => pointing.value++)
  }

  watch(path, (to, before) => {
    filter.value = ''
    renaming.value = ''
    selection.clear()
    selection.active.value = -1
    from = parentOf(before) === to && before !== to ? before : ''
  })
  // Having gone up, the folder one came from is where the keyboard goes on; a file that a link names is selected.
  watch(folder.listing, (now, before) => {
    if (!now || before?.folder.path === now.folder.path) return
    const wanted = now.entries.find(e => (from === '' ? e.id === file.value : e.path === from))
    if (!wanted) return
    if (from === '') point([wanted.id])
    else {
      selection.go(rows.value.indexOf(wanted), 'move')
      void nextTick(() => pointing.value++)
    }
  }, { immediate: true })

  onNews('files', () => folder.glance())

  function sort(column: Column): void {
    const down = order.value.column === column ? !order.value.down : column !== 'name'
    order.value = { column, down }
    localStorage.setItem(orderKey, `${column} ${down ? 'down' : 'up'}`)
  }

  async function make(name: string): Promise<void> {
    const at = join(path.value, name.normalize('NFC'))
    await makeFolder(user, at)
    const entry = await stat(user, at)
    filter.value = ''
    folder.put(entry)
    point([entry.id])
  }

  async function rename(entry: Entry, name: string): Promise<void> {
    renaming.value = ''
    if (name === entry.name || objection(name) !== '') return
    const now = renamed(entry, path.value, name.normalize('NFC'))
    folder.put(now)
    point([entry.id])
    try {
      await move(user, entry.path, now.path)
    } catch (error) {
      folder.put(entry)
      point([entry.id])
      complain(`“${entry.name}” keeps its name.`, error)
    }
  }

  /** Puts entries into the trash. */
  async function remove(entries: readonly Entry[]): Promise<void> {
    const { gone, failed } = await removeAll(user, entries)
    folder.drop(gone)
    selection.clear()
    const what = entries.length === 1 ? `“${entries[0]?.name}”` : counted(gone.size, 'item')
    if (gone.size > 0) tell(`${what} moved to the trash.`, { label: 'Undo', run: () => void undelete(gone) })
    mourn(failed)
  }

  function mourn(failed: Removal['failed']): void {
    for (const { entry, error } of failed.slice(0, 3)) complain(`“${entry.name}” was not deleted.`, error)
    if (failed.length > 3) complain(`${counted(failed.length, 'item')} were not deleted.`, failed[3]?.error)
  }

  /** Whether what is deleted can be had back. */
  const undeletes = (): boolean => capability(capabilities.value, 'files', 'undelete') === true

  /** Takes what was just deleted out of the trash again. What lies in the trash more than once comes back as it was last. */
  async function undelete(ids: ReadonlySet<string>): Promise<void> {
    try {
      const wanted = new Set(ids)
      const found = (await trash(user)).filter(t => wanted.delete(t.file))
      const { failed } = await each(found, t => restore(user, t.key))
      if (failed[0]) complain(`“${failed[0].thing.name}” stays in the trash.`, failed[0].error)
      await folder.reload()
      if (found.length > failed.length) point([...ids])
    } catch (error) {
      complain('It stays in the trash.', error)
    }
  }

  /** Deletes so that nothing can be had back. */
  async function erase(entries: readonly Entry[], told: (done: number) => void): Promise<void> {
    const { gone, failed } = await removeAll(user, entries, told)
    folder.drop(gone)
    selection.clear()
    try {
      const left = undeletes() ? (await trash(user)).filter(t => gone.has(t.file)) : []
      failed.push(...(await each(left, t => purge(user, t.key))).failed.flatMap(({ thing, error }) => entries.filter(e => e.id === thing.file).map(entry => ({ entry, error }))))
    } catch (error) {
      complain('What was deleted lies in the trash.', error)
      return
    }
    mourn(failed)
    if (failed.length < entries.length) tell(`${entries.length === 1 ? `“${entries[0]?.name}”` : counted(entries.length - failed.length, 'item')} deleted for good.`)
  }

  const fetch = (entries: readonly Entry[]): void => download(user, entries, entries.length === folder.entries.value.length)

  function open(entry: Entry): void {
    if (entry.folder) go(entry.path)
    else if (!openFile(entry, rows.value)) fetch([entry])
  }

  return {
    folder, filter, order, rows, selection, names, renaming, asking, pointing,
    sort, make, rename, remove, erase, undeletes, fetch, open,
    trouble: computed(() => (folder.error.value === undefined ? '' : reason(folder.error.value))),
    addressOf: (entry: Entry) => addressOf(user, entry.path),
  }
}
