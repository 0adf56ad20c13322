import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareVisits } from '../../site/visit.js'

const provider = createServer((_req, res) => res.end('logged out at the provider'))
const providerOrigin = () => `http://localhost:${(provider.address() as AddressInfo).port}`
const signOutOrigins: string[] = []

beforeAll(async () => {
  await new Promise<void>((listening) => provider.listen(0, '127.0.0.1', listening))
  signOutOrigins.push(providerOrigin())
})
afterAll(() => new Promise((closed) => provider.close(closed)))

describe('the header', () => {
  const site = prepareVisits({ productName: 'Acme <Gate>', signOutOrigins })

  it('says who is logged in, as what, and where', async () => {
    const page = await site.visit()
    const account = page.getByRole('region', { name: 'Account' })
    await account.getByText('Ada Example').waitFor()
    expect(await account.textContent()).toBe('Ada Exampleada@example.comAdminLog out')
    expect(await page.getByRole('banner').textContent()).toContain('Acme <Gate>')
    expect(await page.title()).toBe('API tokens · Acme <Gate>')
  })

  it('names the account by its e-mail when it has no name', async () => {
    site.api.userName = undefined
    const page = await site.visit()
    await page.getByRole('region', { name: 'Account' }).getByText('ada@example.com').waitFor()
  })

  it('logs out with a form, and leads back', async () => {
    const page = await site.visit()
    await page.getByRole('button', { name: 'Log out' }).click()
    await expect.poll(() => site.api.signedOut).toBe(1)
    await page.getByRole('heading', { level: 1 }).waitFor()
    expect(page.url()).toBe(`${site.origin}/token-manager`)
  })

  it('logs out at the identity provider too, where signOutOrigins names it (CSP Level 3 §6.4.2)', async () => {
    site.api.signOutLocation = `${providerOrigin()}/end`
    const page = await site.visit()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByText('logged out at the provider').waitFor()
    expect(site.api.signedOut).toBe(1)
  })

  it('speaks German to whoever asks for it first, and English on demand, from then on', async () => {
    const page = await site.visit({ locale: 'de-AT' })
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('API-Tokens')
    expect(await page.locator('html').getAttribute('lang')).toBe('de')
    await page.getByText('30 Tage').waitFor()
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByText('30 days').waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    await page.reload()
    await page.getByRole('heading', { name: 'API tokens' }).waitFor()
  })

  it('goes from the appearance of the system to light and dark and back, and remembers', async () => {
    const page = await site.visit({ colorScheme: 'dark' })
    const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme')
    expect(await scheme()).toBe('dark')
    await page.getByRole('button', { name: 'Appearance: system. Switch to light.' }).click()
    await expect.poll(scheme).toBe('light')
    await page.reload()
    await page.getByRole('button', { name: 'Appearance: light. Switch to dark.' }).waitFor()
    expect(await scheme()).toBe('light')
    await page.getByRole('button', { name: /^Appearance/ }).click()
    await page.getByRole('button', { name: 'Appearance: dark. Switch to system.' }).click()
    await page.emulateMedia({ colorScheme: 'light' })
    await expect.poll(scheme).toBe('light')
  })
})

describe('the header without signOutOrigins', () => {
  const site = prepareVisits()

  it('logs out at the gate, and the browser goes no further (CSP Level 3 §6.4.2)', async () => {
    site.api.signOutLocation = `${providerOrigin()}/end`
    const page = await site.visit()
    await page.getByRole('button', { name: 'Log out' }).click()
    await expect.poll(() => site.complaints.splice(0).join()).toContain('form-action')
    expect(site.api.signedOut).toBe(1)
    expect(page.url()).toBe(`${site.origin}/token-manager`)
  })
})
