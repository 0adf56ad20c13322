import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD, type RunningGateway, runGateway } from './gateway-fixture.js'

const USUAL_PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

let gateway: RunningGateway
let browser: Browser

beforeAll(async () => {
  gateway = await runGateway()
  const executablePath = process.env.CHROMIUM_PATH ?? USUAL_PATHS.find((path) => existsSync(path))
  if (executablePath === undefined) throw new Error('No Chromium; name one in CHROMIUM_PATH')
  browser = await chromium.launch({ executablePath, args: QUIET })
})
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
})

async function logIn(page: Page, email: string): Promise<void> {
  await page.goto(`${gateway.url}/token-manager`)
  await page.getByLabel(email).check()
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL(`${gateway.url}/token-manager`)
}

describe('a person with a browser', () => {
  it('logs in, mints a token that works, revokes it and logs out', async () => {
    const context = await browser.newContext({ locale: 'en-GB' })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    await logIn(page, 'user@example.com')
    await page.getByText('user@example.com').first().waitFor()

    await page.getByLabel('Name').fill('<b>laptop</b>')
    await page.getByRole('button', { name: 'Create token' }).click()
    const token = await page.locator('text=/^eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]+$/').first().textContent()
    const call = () =>
      fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${token?.trim()}` } })
    expect((await call()).status).toBe(200)

    await page.getByRole('button', { name: /^Done/ }).click()
    await page.getByText('<b>laptop</b>').first().waitFor()
    await page
      .getByRole('button', { name: /^Revoke/ })
      .first()
      .click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Revoke/ })
      .click()
    await page.getByText('Revoked', { exact: true }).first().waitFor()
    expect((await call()).status).toBe(401)

    await page.getByRole('button', { name: 'Log out' }).click()
    await page.waitForURL((url) => url.pathname !== '/token-manager' || url.origin !== gateway.url)
    const after = await context.request.get(`${gateway.url}/oauth2/userinfo`)
    expect(after.status()).toBe(401)
    expect(complaints).toEqual([])
    await context.close()
  })

  it('gets one token of a double click, and of a retry after a lost answer', async () => {
    const context = await browser.newContext({ locale: 'en-GB' })
    const page = await context.newPage()
    await logIn(page, 'admin@example.com')
    const create = page.getByRole('button', { name: 'Create token' })
    const shown = page.getByRole('heading', { name: 'Your new token' })
    const count = async () => {
      const listed = await context.request.get(`${gateway.url}/api/token/list`)
      return ((await listed.json()) as { count: number }).count
    }
    await create.dblclick()
    await shown.waitFor()
    expect(await count()).toBe(1)
    await page.getByRole('button', { name: /^Done/ }).click()

    await page.route('**/api/token/generate', async (route) => {
      await route.fetch()
      await route.abort()
    })
    await create.click()
    await page.getByText('you get that one and no second').waitFor()
    await page.unroute('**/api/token/generate')
    await create.click()
    await shown.waitFor()
    expect(await count()).toBe(2)
    await context.close()
  })

  it('works without scripts as far as the login goes, and sees a page when it is refused', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await logIn(page, 'admin@example.com')
    const response = await page.goto(`${gateway.url}/oauth2/callback?state=forged&code=x`)
    expect(response?.status()).toBe(403)
    expect(await page.getByRole('heading').textContent()).toBe('Login refused')
    await context.close()
  })

  it('is not logged out by a link from another site, but asked', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await logIn(page, 'user@example.com')
    await page.setContent(`<a href="${gateway.url}/oauth2/sign_out">prize</a>`)
    await page.goto('about:blank')
    await page.setContent(`<a href="${gateway.url}/oauth2/sign_out">prize</a>`)
    await page.getByText('prize').click()
    await page.getByRole('heading', { name: 'Log out?' }).waitFor()
    expect((await context.request.get(`${gateway.url}/oauth2/userinfo`)).status()).toBe(200)
    await context.close()
  })
})
