import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { base, browser, open, signIn, user } from './browser'
import strings from './hostile.json'
import { dav, many, ocs } from './server'

// Strings that would run if they ever became markup, code or an address, as every kind of name. The browser complains of
// every dialog, error and breach of the security policy, and so do the stories (see watch in ./browser).

const b = browser()
let page: Page

/** What can be the name of a file. */
const names = [...new Set(strings.map(s => s.replaceAll('/', '∕').replaceAll('\\', '＼').replace(/[\n\t]/g, '')))].filter(s => s.trim() !== '' && s !== '..' && s !== '.')
const allowed = (act: Promise<unknown>): Promise<unknown> => act.catch((error: unknown) => {
  if (!/: 4\d\d /.test(String(error))) throw error // the server may refuse such a name
})

/** Fails if anything has run. What would run calls alert, which the browser tells of; this finds what was made of markup. */
async function quiet(where: string): Promise<void> {
  const made = await page.evaluate(() => [...document.body.querySelectorAll('*')]
    .filter(e => e.matches('script, iframe, object, embed, base, marquee, math, [srcdoc]') || [...e.attributes].some(a => a.name.startsWith('on') || /^\s*(javascript|vbscript|data:text)/i.test(a.value) && /^(href|src|action|formaction)$/.test(a.name)))
    .map(e => e.outerHTML.slice(0, 200)))
  expect(made, where).toEqual([])
}

/** Turns over a list page by page, to its end. */
async function through(list: 'grid' | 'list'): Promise<void> {
  const box = page.getByRole(list).first()
  await box.waitFor()
  await box.evaluate(async e => {
    for (let top = 0; top <= e.scrollHeight; top += Math.max(300, e.clientHeight * 0.8)) {
      e.scrollTop = top
      await new Promise(requestAnimationFrame)
      await new Promise(requestAnimationFrame)
    }
  })
}

beforeAll(async () => {
  for (const folder of ['/hostile files', '/hostile folders', '/said']) await dav('MKCOL', folder)
  await many(names.length, i => allowed(dav('PUT', `/hostile files/${names[i]}`, 'x')))
  await many(names.length, i => allowed(dav('MKCOL', `/hostile folders/${names[i]}`)))
  await dav('PUT', '/said/talk.txt', 'x')
  page = await b.page()
  await signIn(page)
})

test('as names of files and folders, and in the trash', async () => {
  for (const folder of ['files', 'folders']) {
    await open(page, `/hostile ${folder}`)
    await through('grid')
    await quiet(`hostile ${folder}`)
  }
  for (const name of names.filter((_, i) => i % 24 === 0)) {
    await open(page, `/hostile folders/${name}`)
    await quiet(`the folder ${name}`)
  }
  await open(page, '/said') // a folder that is shown while it goes is asked for once more
  await dav('DELETE', '/hostile files')
  await many(names.length, i => i % 3 === 0 ? allowed(dav('DELETE', `/hostile folders/${names[i]}`)) : Promise.resolve())
  await page.goto(`${base}/apps/files/trashbin`)
  await through('grid')
  await quiet('the trash')
})

test('as comments, tags, labels and notes', async () => {
  const found = await dav('PROPFIND', '/said/talk.txt', '<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><oc:fileid/></d:prop></d:propfind>', { Depth: '0' })
  const id = /fileid>(\d+)</.exec(await found.text())?.[1] ?? ''
  const post = (path: string, body: object) => allowed(dav('POST', `/../../${path}`, JSON.stringify(body), { 'Content-Type': 'application/json' }))
  expect(id).not.toBe('')
  await many(strings.length, i => post(`comments/files/${id}`, { actorType: 'users', verb: 'comment', message: strings[i] }))
  await many(strings.length, i => i % 4 === 0 ? post(`systemtags-relations/files/${id}`, { name: strings[i], userVisible: true, userAssignable: true }) : Promise.resolve())
  await many(strings.length, i => i % 6 === 0
    ? allowed(ocs('POST', '/apps/files_sharing/api/v1/shares', { path: '/said/talk.txt', shareType: 3, label: strings[i], note: strings[i] })) : Promise.resolve())
  await open(page, '/said')
  await page.getByLabel('Select talk.txt').check()
  await page.getByRole('button', { name: 'Details' }).click()
  for (const tab of ['Comments', 'Sharing', 'Activity', 'Details']) {
    await page.getByRole('tab', { name: tab }).click()
    await page.getByRole('tabpanel').waitFor()
    const more = page.getByRole('tabpanel').getByRole('button', { name: /^Show older/ })
    const entries = page.getByRole('tabpanel').getByRole('listitem')
    for (let turn = 0; turn < 15 && await more.isVisible(); turn++) {
      const before = await entries.count()
      await more.click()
      await expect.poll(async () => await entries.count() > before || !(await more.isVisible())).toBe(true)
    }
    await quiet(tab)
  }
})

test('as names of people and groups, and in the profile', async () => {
  await many(strings.length, i => i % 5 === 0 ? allowed(ocs('POST', '/cloud/groups', { groupid: `hostile ${strings[i]}`.slice(0, 60) })) : Promise.resolve())
  await many(strings.length, i => i % 12 === 0
    ? allowed(ocs('POST', '/cloud/users', { userid: `hostile${i}`, password: 'correct horse battery', displayName: `hostile ${strings[i]}`.slice(0, 60) })) : Promise.resolve())
  await open(page, '/')
  await page.getByLabel('Select said').check()
  await page.getByRole('button', { name: 'Details' }).click()
  await page.getByRole('tab', { name: 'Sharing' }).click()
  await page.getByRole('combobox', { name: 'Share with' }).fill('hostile')
  await page.getByRole('option').first().waitFor()
  await quiet('people who are found')
  const fields = ['displayname', 'headline', 'biography', 'website', 'organisation']
  for (const [i, text] of strings.filter((_, at) => at % 30 === 0).entries()) await allowed(ocs('PUT', `/cloud/users/${user}`, { key: fields[i % fields.length], value: text }))
  for (const path of ['/settings/user/profile', `/u/${user}`]) {
    await page.goto(base + path)
    await page.getByRole('heading', { level: 1 }).first().waitFor()
    await quiet(path)
  }
  await ocs('PUT', `/cloud/users/${user}`, { key: 'displayname', value: user })
})
