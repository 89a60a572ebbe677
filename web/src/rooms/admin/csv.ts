import type { NewAccount } from '../../api/people'
import { t } from '../../kit/words'

/** A line of a list of new accounts: what it asks for, or why it is no good. */
export interface Line {
  /** From 1 on, as editors count. */
  number: number
  account: NewAccount
  trouble: string
}

const columns = ['login', 'name', 'email', 'password', 'groups', 'quota'] as const
type Column = (typeof columns)[number]

/** Takes CSV apart (RFC 4180), with the separator that its first line has: comma, semicolon or tab. */
export function records(text: string): { number: number; cells: string[] }[] {
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  const first = source.slice(0, source.indexOf('\n') < 0 ? undefined : source.indexOf('\n'))
  const mark = [',', ';', '\t'].sort((a, b) => first.split(b).length - first.split(a).length)[0] ?? ','
  const out: { number: number; cells: string[] }[] = []
  let cells: string[] = []
  let cell = ''
  let quoted = false
  let line = 1
  let began = 1
  const end = (): void => {
    cells.push(cell)
    if (cells.some(c => c.trim() !== '')) out.push({ number: began, cells: cells.map(c => c.trim()) })
    cells = []
    cell = ''
    began = line
  }
  for (let i = 0; i < source.length; i++) {
    const c = source[i] ?? ''
    if (c === '\n') line++
    if (quoted) {
      if (c !== '"') cell += c
      else if (source[i + 1] === '"') cell += source[++i]
      else quoted = false
    } else if (c === '"' && cell.trim() === '') {
      quoted = true
      cell = ''
    } else if (c === mark) {
      cells.push(cell)
      cell = ''
    } else if (c === '\n') end()
    else cell += c
  }
  end()
  return out
}

/** Reads a list of new accounts and says of each line what is wrong with it. taken tells of a login whether there is an account already. */
export function lines(text: string, known: { groups: ReadonlySet<string>; taken: ReadonlySet<string> }): Line[] {
  const [head, ...rest] = records(text)
  if (!head) return []
  const at = new Map<Column, number>()
  head.cells.forEach((cell, i) => {
    const name = columns.find(c => c === cell.toLowerCase())
    if (name) at.set(name, i)
  })
  const seen = new Map<string, number>()
  return rest.map(({ number, cells }) => {
    const get = (column: Column): string => cells[at.get(column) ?? -1] ?? ''
    const account: NewAccount = {
      userid: get('login'), displayName: get('name'), email: get('email'), password: get('password'), groups: get('groups').split(/[|,;]/).map(g => g.trim()).filter(g => g !== ''), quota: get('quota'),
    }
    const trouble = at.has('login') ? wrong(account, cells.length > head.cells.length, known, seen) : t('The first line must name the columns: login, name, email, password, groups, quota.')
    if (trouble === '') seen.set(account.userid.toLowerCase(), number)
    return { number, account, trouble }
  })
}

function wrong(a: NewAccount, tooMany: boolean, known: { groups: ReadonlySet<string>; taken: ReadonlySet<string> }, seen: ReadonlyMap<string, number>): string {
  const twin = seen.get(a.userid.toLowerCase())
  const missing = a.groups.find(g => !known.groups.has(g))
  if (tooMany) return t('It has more columns than the first line.')
  if (a.userid === '') return t('The login is missing.')
  if (/[^a-zA-Z0-9 _.@\-']/.test(a.userid)) return t('The login “{login}” may hold letters a–z, digits, blanks and _ . @ - \' only.', { login: a.userid })
  if (twin !== undefined) return t('The login “{login}” stands in line {line} already.', { login: a.userid, line: twin })
  if (known.taken.has(a.userid.toLowerCase())) return t('There is an account “{login}” already.', { login: a.userid })
  if (a.password === '' && a.email === '') return t('It needs a password, or an address to send an invitation to.')
  if (a.email !== '' && !/^[^\s@]+@[^\s@]+$/.test(a.email)) return t('“{address}” is no mail address.', { address: a.email })
  if (missing !== undefined) return t('There is no group “{group}”.', { group: missing })
  if (a.quota !== '' && !/^(none|default|\d+(\.\d+)?\s*([kmgtp]i?)?b?)$/i.test(a.quota)) return t('“{quota}” is no size, such as 10 GB or none.', { quota: a.quota })
  return ''
}
