import { expect, test } from 'vitest'
import { lines, records } from './csv'

const known = { groups: new Set(['staff', 'choir']), taken: new Set(['ada']) }

test('CSV as spreadsheets write it', () => {
  expect(records('\uFEFFlogin;name\r\n"a;b";"say ""hi"""\r\n\r\nc;"two\nlines"\nd;last')).toEqual([
    { number: 1, cells: ['login', 'name'] }, { number: 2, cells: ['a;b', 'say "hi"'] }, { number: 4, cells: ['c', 'two\nlines'] }, { number: 6, cells: ['d', 'last'] },
  ])
  expect(records('')).toEqual([])
})

test('good lines are read whole', () => {
  expect(lines('Login,Name,Email,Groups,Quota\nbob,Bob B.,bob@example.org,staff|choir,10 GB', known)).toEqual([{
    number: 2, trouble: '', account: { userid: 'bob', displayName: 'Bob B.', email: 'bob@example.org', password: '', groups: ['staff', 'choir'], quota: '10 GB' },
  }])
})

test('each bad line is named with what is wrong', () => {
  const text = ['login,email,password,groups,quota', 'bob,,secret', 'BOB,,x', ',,x', 'ada,,x', 'c d,,x', 'é,,x', 'eve,,', 'eve,nowhere,', 'eve,,x,crew', 'eve,,x,,lots', 'eve,,x,,1,2'].join('\n')
  expect(lines(text, known).map(l => [l.number, l.trouble.replace(/[^a-zA-Z ]/g, '').slice(0, 24)])).toEqual([
    [2, ''], [3, 'The login BOB stands in '], [4, 'The login is missing'], [5, 'There is an account ada '], [6, ''], [7, 'The login  may hold lett'], [8, 'It needs a password or a'],
    [9, 'nowhere is no mail addre'], [10, 'There is no group crew'], [11, 'lots is no size such as '], [12, 'It has more columns than'],
  ])
  expect(lines('name\nbob', known)[0]?.trouble).toMatch(/first line/)
})
