import { test } from 'vitest'
import { accessible, fits } from './axe'
import { base, browser, desktop, password, ready, row, shoot, signIn, user } from './browser'
import { dav } from './server'

const b = browser()

test('a wrong password is told, and the right one leads to where one was going', async () => {
  const page = await b.page()
  await page.goto(`${base}/apps/files/files?dir=/`)
  await page.waitForURL('**/login?redirect_url=*')
  await page.getByLabel('Login or e-mail address').fill(user)
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('alert').filter({ hasText: 'Wrong login or password' }).waitFor()
  await accessible(page, 'the refused login')
  await shoot(page, 'login-wrong')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL('**/apps/files/files?dir=/')
  await ready(page)

  await page.getByRole('button', { name: user, exact: true }).click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  await page.waitForURL('**/login*')
  await page.goto(`${base}/apps/files/files`)
  await page.waitForURL('**/login?redirect_url=*')
  b.forgive(/401|Unauthori/)
})

test('a session that ends elsewhere is told in the page', async () => {
  await dav('MKCOL', '/later')
  const page = await b.page()
  await signIn(page)
  await page.waitForLoadState('networkidle') // else it is what the page asks by itself that finds out
  await page.context().clearCookies()
  await row(page, 'later').getByRole('link').click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await accessible(page, 'signed out')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL('**/login?redirect_url=%2Fapps%2Ffiles%2Ffiles%3Fdir%3D%2Flater')
  b.forgive(/401/)
})

test('the login page looks well and keeps nobody out', async () => {
  for (const width of [1440, 360]) {
    for (const dark of [false, true]) {
      const page = await b.page({ ...desktop, width, height: width === 360 ? 740 : 900, dark })
      await page.goto(`${base}/login`)
      const name = `login-${width}-${dark ? 'dark' : 'light'}`
      await accessible(page, name)
      await fits(page, name)
      await shoot(page, name)
      await page.close()
    }
  }
})
