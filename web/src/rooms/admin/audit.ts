import { computed, ref, shallowRef } from 'vue'
import { type AuditEntry, type AuditFilter, auditLog } from '../../api/admin'
import { reason } from '../../kit/notices'

/** How many entries one answer has, and at most. */
const page = 100
const most = 1000

/** A day as its field gives it, '2026-11-22', as the moment in RFC 3339 when it begins, or the one after it. */
export function dayOf(day: string, after: 0 | 1): string {
  const [y, m, d] = day.split('-').map(Number)
  return y && m && d ? new Date(y, m - 1, d + after).toISOString() : ''
}

/** An entry as a line of a text. */
export const lineOf = (e: AuditEntry): string => [e.at, e.what, e.user, e.detail, e.by || '-', e.address, e.program].map(s => s.replace(/\s+/g, ' ')).join('\t')

/** The audit log, page by page. */
export function useAudit() {
  const person = ref('')
  const what = ref('')
  const [since, until] = [ref(''), ref('')]
  const rows = shallowRef<AuditEntry[]>()
  const failure = ref('')
  const whole = ref(false)
  const filter = computed((): AuditFilter => ({ person: person.value.trim(), what: what.value, since: dayOf(since.value, 0), until: dayOf(until.value, 1) }))
  let round = 0

  /** Asks for entries, and leaves what an older filter gave. */
  async function ask(before: number, take: (entries: AuditEntry[]) => void): Promise<void> {
    const mine = round
    try {
      const entries = await auditLog(filter.value, page, before)
      if (mine !== round) return
      take(entries)
      failure.value = ''
    } catch (error) {
      if (mine === round) failure.value = reason(error)
    }
  }

  const load = async (): Promise<void> => {
    round++
    await ask(0, entries => {
      rows.value = entries
      whole.value = entries.length < page
    })
  }
  const more = (): Promise<void> => ask(rows.value?.at(-1)?.id ?? 0, entries => {
    rows.value = [...rows.value ?? [], ...entries]
    whole.value = entries.length < page
  })
  /** Puts before the rest what came since; where that is more than a page, all begins anew. */
  const follow = (): Promise<void> => ask(0, entries => {
    const last = rows.value?.[0]?.id ?? 0
    const fresh = entries.filter(e => e.id > last)
    if (fresh.length === page) {
      rows.value = entries
      whole.value = false
    } else if (fresh.length > 0) rows.value = [...fresh, ...rows.value ?? []]
  })

  /** All that the filter chooses, as a text of one line an entry. */
  async function text(): Promise<string> {
    const lines: string[] = []
    for (let before = 0; ;) {
      const entries = await auditLog(filter.value, most, before)
      lines.push(...entries.map(lineOf))
      before = entries.at(-1)?.id ?? 0
      if (entries.length < most) return `${lines.join('\n')}\n`
    }
  }
  return { person, what, since, until, rows, failure, whole, filter, load, more, follow, text }
}
