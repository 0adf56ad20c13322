import { describe, expect, it } from 'vitest'
import { storedToken } from '../../site/api.js'
import { focused } from '../../site/keyboard.js'
import { prepareVisits } from '../../site/visit.js'

const site = prepareVisits()
const now = () => Math.floor(Date.now() / 1000)

describe('the list of tokens', () => {
  it('says so when there are none', async () => {
    const page = await site.visit()
    await page.getByText('No tokens yet').waitFor()
    expect(await page.getByRole('table').count()).toBe(0)
  })

  it('shows when each was created, expires and was last used, and its status', async () => {
    site.api.tokens.push(
      storedToken('used', { created_at: now() - 3 * 86_400, last_used_at: now() - 7_200 }),
      storedToken('old', { status: 'expired', expires_at: now() - 86_400 * 2 }),
      storedToken('gone', { status: 'revoked' }),
    )
    const page = await site.visit()
    const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })
    expect(await row('used').getByRole('cell').allInnerTexts()).toEqual([
      'Active',
      '3 days ago',
      'in 27 days',
      '2 hours ago',
      'Revoke',
    ])
    expect(await row('old').getByRole('cell').allInnerTexts()).toContain('Expired')
    expect(await row('old').getByRole('button').count()).toBe(0)
    expect(await row('gone').getByRole('cell').allInnerTexts()).toEqual(
      expect.arrayContaining(['Revoked', 'Never']),
    )
  })

  it('tells the exact time to whoever asks for it', async () => {
    site.api.tokens.push(storedToken('exact', { created_at: 1_750_000_000 }))
    const page = await site.visit()
    const time = page
      .getByRole('row', { name: /^exact/ })
      .locator('time')
      .first()
    expect(await time.getAttribute('title')).toBe('15 Jun 2025, 15:06')
    expect(await time.getAttribute('datetime')).toBe('2025-06-15T15:06:40.000Z')
  })

  it('shows a token that ran out since the service was asked as expired', async () => {
    site.api.tokens.push(storedToken('just now', { expires_at: now() - 1, status: 'active' }))
    const page = await site.visit()
    await page
      .getByRole('row', { name: /^just now/ })
      .getByText('Expired')
      .waitFor()
  })

  it('shows markup in a name as text', async () => {
    const name = '<img src=x onerror="document.title=1"> & <b>bold</b> {{title}}'
    site.api.tokens.push(storedToken(name))
    const page = await site.visit()
    expect(await page.getByRole('rowheader').locator('span').textContent()).toBe(name)
    expect(await page.locator('img, b').count()).toBe(0)
    expect(await page.title()).toBe('API tokens · Portcullis')
    await page.getByRole('button', { name: `Revoke ${name}` }).click()
    expect(await page.getByRole('dialog').textContent()).toContain(`“${name}”`)
  })

  it('comes in pages, and goes on at the first token of the next', async () => {
    site.api.tokens.push(...Array.from({ length: 30 }, (_, index) => storedToken(`token ${index + 1}`)))
    const page = await site.visit()
    await page.getByRole('button', { name: 'Load more' }).click()
    await page.getByText('5 more tokens loaded.').waitFor()
    expect(await page.getByRole('rowheader').count()).toBe(30)
    await expect.poll(() => focused(page).textContent()).toBe('token 26')
    expect(await page.getByRole('button', { name: 'Load more' }).count()).toBe(0)
  })
})

describe('revoking', () => {
  it('asks first, and leaves everything as it is on Escape', async () => {
    site.api.tokens.push(storedToken('ci'))
    const page = await site.visit()
    const button = page.getByRole('button', { name: 'Revoke ci' })
    await button.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Revoke this token?' }).waitFor()
    await expect.poll(() => focused(page).textContent()).toBe('Keep it')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect.poll(() => focused(page).getAttribute('aria-label')).toBe('Revoke ci')
    expect(site.api.tokens[0]?.status).toBe('active')
  })

  it('revokes that token, says so, and leaves the focus on it', async () => {
    const wanted = storedToken('leaked')
    site.api.tokens.push(storedToken('other'), wanted)
    const page = await site.visit()
    await page.getByRole('button', { name: 'Revoke leaked' }).click()
    await page.getByRole('button', { name: 'Revoke token' }).click()
    await page.getByText('leaked is revoked.').waitFor()
    await page
      .getByRole('row', { name: /^leaked/ })
      .getByText('Revoked')
      .waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect.poll(() => focused(page).textContent()).toBe('leaked')
    expect(site.api.tokens.map((token) => token.status)).toEqual(['active', 'revoked'])
    expect(site.api.calls.find((call) => call.path === '/api/token/revoke')?.body).toEqual({
      token_id: wanted.token_id,
    })
  })

  it('that failed says so in the dialog, and can be tried again', async () => {
    site.api.tokens.push(storedToken('ci'))
    site.api.trouble.set('/api/token/revoke', { status: 503, title: 'Store unavailable' })
    const page = await site.visit()
    await page.getByRole('button', { name: 'Revoke ci' }).click()
    await page.getByRole('button', { name: 'Revoke token' }).click()
    await page.getByRole('dialog').getByText('Temporarily unavailable').waitFor()
    site.api.trouble.clear()
    await page.getByRole('button', { name: 'Revoke token' }).click()
    await page.getByRole('row', { name: /^ci/ }).getByText('Revoked').waitFor()
  })
})
