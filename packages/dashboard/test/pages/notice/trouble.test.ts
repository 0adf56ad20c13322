import { describe, expect, it } from 'vitest'
import { storedToken } from '../../site/api.js'
import { prepareVisits } from '../../site/visit.js'

const site = prepareVisits()

describe('while the service', () => {
  it('has not answered yet, the places of what comes are held', async () => {
    for (const path of ['/oauth2/userinfo', '/api/token/options', '/api/token/list']) {
      site.api.trouble.set(path, 'silence')
    }
    const page = await site.visit()
    await page.getByText('Loading your tokens').waitFor()
    expect(await page.locator('[aria-busy="true"] .mantine-Skeleton-root').count()).toBeGreaterThan(3)
    expect(await page.getByRole('button', { name: 'Log out' }).isVisible()).toBe(true)
  })

  it('is unavailable, the page claims nothing that it does not know and asks again on demand', async () => {
    site.api.tokens.push(storedToken('ci'))
    site.api.trouble.set('/api/token/list', { status: 503, title: 'Store unavailable' })
    const page = await site.visit()
    const tokens = page.getByRole('region', { name: 'Your tokens' })
    await tokens.getByRole('alert').getByText('Temporarily unavailable').waitFor()
    expect(await tokens.textContent()).toContain('may have been done or not')
    expect(await page.getByRole('button', { name: 'Create token' }).isEnabled()).toBe(true)
    site.api.trouble.clear()
    await tokens.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('row', { name: /^ci/ }).waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  it('answers something else than JSON, the page does not take it for an answer', async () => {
    site.api.trouble.set('/api/token/options', { status: 200 })
    const page = await site.visit()
    await page.getByRole('region', { name: 'New token' }).getByText('Something went wrong').waitFor()
  })
})

describe('when the session', () => {
  it('has ended, the page leads to the login and back', async () => {
    site.api.trouble.set('/oauth2/userinfo', { status: 401, title: 'Authentication required' })
    const page = await site.visit()
    await page.getByRole('alert').getByText('Your session ended').waitFor()
    const link = page.getByRole('link', { name: 'Log in again' })
    expect(await link.getAttribute('href')).toBe('/oauth2/start?rd=/token-manager')
    expect(await page.getByRole('button', { name: 'Create token' }).count()).toBe(0)
  })

  it('ends before a token is created, what was typed stays', async () => {
    const page = await site.visit()
    await page.getByRole('textbox', { name: 'Name' }).fill('typed')
    site.api.trouble.set('/api/token/generate', { status: 401, title: 'Authentication required' })
    await page.getByRole('button', { name: 'Create token' }).click()
    await page.getByText('The token was not created: Your session ended').waitFor()
    expect(await page.getByRole('link', { name: 'Log in again' }).isVisible()).toBe(true)
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('typed')
  })
})

describe('when creating a token', () => {
  it('is refused, the reason is the one that the service gave (RFC 9457), as text', async () => {
    site.api.trouble.set('/api/token/generate', {
      status: 403,
      title: 'Account banned',
      detail: 'Not until <b>May</b>.',
    })
    const page = await site.visit()
    await page.getByRole('button', { name: 'Create token' }).click()
    await page.getByText('The token was not created: Account banned').waitFor()
    await page.getByText('Not until <b>May</b>.').waitFor()
  })

  it('gets no answer, the page says that the token may exist', async () => {
    const page = await site.visit()
    await page.getByRole('button', { name: 'Create token' }).waitFor()
    site.api.trouble.set('/api/token/generate', 'broken')
    await page.getByRole('button', { name: 'Create token' }).click()
    await page.getByText('No connection').waitFor()
    await page.getByText('the token may exist all the same').waitFor()
  })
})

describe('without a network', () => {
  it('the page says so until it is back', async () => {
    const page = await site.visit()
    await page.getByText('No tokens yet').waitFor()
    await page.context().setOffline(true)
    await page.getByText('You are offline.').waitFor()
    await page.context().setOffline(false)
    await page.getByText('You are offline.').waitFor({ state: 'detached' })
  })
})
