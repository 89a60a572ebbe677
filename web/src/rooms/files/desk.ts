import { computed, nextTick, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { type Entry, addressOf, makeFile, makeFolder, move, setFavourite, stat } from '../../api/dav'
import { begin } from '../../api/templates'
import { onNews } from '../../kit/live'
import { complain, tell } from '../../kit/notices'
import { useOpeners } from '../../kit/offers'
import { filtered, sorted } from '../../kit/order'
import { join, objection, parentOf } from '../../kit/paths'
import { each } from '../../kit/some'
import { useSelection } from '../../kit/selection'
import { t } from '../../kit/words'
import { download } from './actions/download'
import { type Source, renamed, useListing } from './listing'
import { useLook } from './looks'
import { back, moved } from './moves'
import { useRemoval } from './removal'

/** What is asked or shown in front of the files. */
export type Asking =
  | { what: 'folder' | 'file' | 'help' }
  | { what: 'delete' | 'move'; entries: readonly Entry[] }
  | undefined

/** Everything that can be done with a list of files. go leads to a folder. */
export function useDesk(user: string, source: ComputedRef<Source>, file: Ref<string>, go: (path: string) => void) {
  const folder = useListing(user, source)
  const openFile = useOpeners()
  const look = useLook(computed(() => source.value.key))
  const filter = ref('')
  const rows = computed(() => sorted(filtered(folder.entries.value, filter.value), look.drawn.order.value))
  const selection = useSelection(rows)
  const names = computed(() => new Set(folder.entries.value.map(e => e.name)))
  const renaming = ref('')
  const asking = shallowRef<Asking>()
  /** Counts up when a row is to be scrolled to: the active one. */
  const pointing = ref(0)
  let from = ''
  let settled = ''

  function point(ids: string[]): void {
    selection.show(ids)
    void nextTick(() => pointing.value++)
  }
  const removal = useRemoval(user, folder, selection, point)

  watch(source, (to, before) => {
    if (to.key === before.key) return
    filter.value = ''
    renaming.value = ''
    selection.clear()
    selection.active.value = -1
    from = before.path !== '' && parentOf(before.path) === to.path && before.path !== to.path ? before.path : ''
  })
  // Having gone up, the folder one came from is where the keyboard goes on; a file that a link names is selected.
  watch([folder.listing, file], ([now]) => {
    const here = `${source.value.key}\n${file.value}`
    if (!now || settled === here) return
    const wanted = now.entries.find(e => (from === '' ? e.id === file.value : e.path === from))
    if (!wanted) return
    settled = here
    if (from === '') point([wanted.id])
    else {
      selection.go(rows.value.indexOf(wanted), 'move')
      void nextTick(() => pointing.value++)
    }
  }, { immediate: true })

  onNews('files', () => void folder.glance())
  watch(moved, () => void folder.reload())

  /** Makes a folder, an empty file, or a file that begins as a template. */
  async function make(kind: 'folder' | 'file', name: string, template = ''): Promise<void> {
    const at = join(source.value.path, name.normalize('NFC'))
    if (kind === 'folder') await makeFolder(user, at)
    else if (template === '') await makeFile(user, at)
    else await begin(at, template)
    const entry = await stat(user, at)
    filter.value = ''
    folder.put(entry)
    point([entry.id])
  }

  async function rename(entry: Entry, name: string): Promise<void> {
    renaming.value = ''
    if (name === entry.name || objection(name) !== '') return
    const now = renamed(entry, name.normalize('NFC'))
    folder.put(now)
    point([entry.id])
    try {
      await move(user, entry.path, now.path)
      tell(t('“{old}” is now called “{name}”.', { old: entry.name, name: now.name }), { label: t('Undo'), run: () => void back([{ from: entry.path, to: now.path }]) })
    } catch (error) {
      folder.put(entry)
      point([entry.id])
      complain(t('“{name}” keeps its name.', { name: entry.name }), error)
    }
  }

  /** Makes favourites of entries, or none any more if all are. */
  async function favour(entries: readonly Entry[]): Promise<void> {
    const on = !entries.every(e => e.favourite)
    folder.put(...entries.map(entry => ({ ...entry, favourite: on })))
    const { done, failed } = await each(entries, e => setFavourite(user, e.path, on))
    folder.put(...failed.map(f => f.thing))
    if (!on && source.value.key === 'favorites') folder.drop(new Set(done.map(e => e.id)))
    if (failed[0]) complain(t('The favourites stay as they were.'), failed[0].error)
  }

  const fetch = (entries: readonly Entry[]): void => download(user, entries, source.value.path !== '' && entries.length === folder.entries.value.length)

  function open(entry: Entry): void {
    if (entry.folder) go(entry.path)
    else if (!openFile(entry, rows.value)) fetch([entry])
  }

  return {
    folder, filter, rows, selection, names, renaming, asking, pointing, ...look, ...removal,
    make, rename, favour, fetch, open,
    addressOf: (entry: Entry) => addressOf(user, entry.path),
  }
}
