import { describe, expect, it } from 'vitest'
import { focused } from '../../site/keyboard.js'
import { storedKey } from '../../site/keys.js'
import { prepareVisits } from '../../site/visit.js'

const site = prepareVisits()
const now = () => Math.floor(Date.now() / 1000)

describe('the tab of keys', () => {
  it('opens beside that of tokens, has an address, and asks for nothing before', async () => {
    const page = await site.visit()
    await page.getByText('No tokens yet').waitFor()
    expect(site.api.calls.map((call) => call.path)).not.toContain('/v1/user/keys')
    await page.getByRole('tab', { name: 'API tokens' }).focus()
    await page.keyboard.press('ArrowRight')
    await page.getByText('No API keys yet').waitFor()
    expect(page.url()).toBe(`${site.origin}/token-manager#keys`)
    await expect.poll(() => page.title()).toBe('API keys · Portcullis')
    await page.reload()
    await page.getByText('No API keys yet').waitFor()
    await page.goBack()
    await page.getByText('No tokens yet').waitFor()
  })

  it('leaves what was typed in the other one', async () => {
    const page = await site.visit()
    await page.getByRole('textbox', { name: 'Name' }).fill('typed')
    await page.getByRole('tab', { name: 'API keys' }).click()
    await page.getByText('No API keys yet').waitFor()
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('')
    await page.getByRole('tab', { name: 'API tokens' }).click()
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('typed')
  })
})

describe('the list of keys', () => {
  it('shows the public part, the scopes, and when each was created, expires and was last used', async () => {
    const used = storedKey('used', { last_used_at: now() - 7_200 })
    const scopes = ['llm:invoke', 'tokens:read']
    site.api.keys.push(used, storedKey('ending', { expires_at: now() + 3_600, scopes }))
    const page = await site.visit({}, '#keys')
    const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) })
    expect(await row('used').getByRole('cell').allInnerTexts()).toEqual([
      '3 days ago',
      'Never',
      '2 hours ago',
      'Rotate\nRevoke',
    ])
    expect(await row('used').locator('code').allInnerTexts()).toEqual([used.key_id, 'llm:invoke'])
    expect(await row('ending').getByRole('cell').allInnerTexts()).toEqual(
      expect.arrayContaining(['in 1 hour', 'Never']),
    )
    expect(await row('ending').getByRole('rowheader').textContent()).toContain('llm:invoke tokens:read')
  })

  it('shows markup in a name as text, in the dialogs too', async () => {
    const name = '<img src=x onerror="document.title=1"> & <b>bold</b> {{title}}'
    site.api.keys.push(storedKey(name))
    const page = await site.visit({}, '#keys')
    expect(await page.getByRole('rowheader').locator('span').textContent()).toBe(name)
    for (const action of ['Revoke', 'Rotate']) {
      await page.getByRole('button', { name: `${action} ${name}` }).click()
      expect(await page.getByRole('dialog').textContent()).toContain(`“${name}”`)
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    await page.getByRole('button', { name: `Rotate ${name}` }).click()
    await page.getByRole('button', { name: 'Rotate key' }).click()
    expect(await page.getByRole('definition').first().textContent()).toBe(name)
    expect(await page.locator('img, b').count()).toBe(0)
  })

  it('that does not come says why, and is asked for again on demand', async () => {
    site.api.keys.push(storedKey('ci'))
    site.api.trouble.set('GET /v1/user/keys', { status: 503, title: 'Store unavailable' })
    const page = await site.visit({}, '#keys')
    const keys = page.getByRole('region', { name: 'Your API keys' })
    await keys.getByRole('alert').getByText('Temporarily unavailable').waitFor()
    expect(await page.getByRole('button', { name: 'Create API key' }).isEnabled()).toBe(true)
    site.api.trouble.clear()
    await keys.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('row', { name: /^ci/ }).waitFor()
  })

  it('holds its place while it loads', async () => {
    site.api.trouble.set('GET /v1/user/keys', 'silence')
    const page = await site.visit({}, '#keys')
    await page.getByText('Loading your API keys').waitFor()
    expect(await page.locator('[aria-busy="true"] .mantine-Skeleton-root').count()).toBe(3)
  })

  it('leads back to itself from the login when the session has ended', async () => {
    site.api.trouble.set('GET /v1/user/keys', { status: 401, title: 'Authentication required' })
    const page = await site.visit({}, '#keys')
    await page.getByRole('alert').getByText('Your session ended').waitFor()
    const link = page.getByRole('link', { name: 'Log in again' })
    expect(await link.getAttribute('href')).toBe('/oauth2/start?rd=/token-manager%23keys')
  })
})

describe('revoking a key', () => {
  it('asks first, then takes that one off the list, says so, and goes to the list', async () => {
    const leaked = storedKey('ci')
    const other = storedKey('ci')
    site.api.keys.push(other, leaked)
    const page = await site.visit({}, '#keys')
    const button = page.getByRole('button', { name: `Revoke ci ${leaked.key_id}` })
    await button.click()
    const dialog = page.getByRole('dialog', { name: 'Revoke this API key?' })
    expect(await dialog.textContent()).toContain(leaked.key_id)
    await expect.poll(() => focused(page).textContent()).toBe('Keep it')
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => focused(page).getAttribute('aria-label')).toBe(`Revoke ci ${leaked.key_id}`)
    expect(site.api.keys).toHaveLength(2)
    await button.click()
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByText('ci is revoked.').waitFor()
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => focused(page).textContent()).toBe('Your API keys')
    expect(await page.getByText(leaked.key_id).count()).toBe(0)
    expect(site.api.keys).toEqual([other])
  })

  it('that failed says so in the dialog, and can be tried again', async () => {
    const key = storedKey('ci')
    site.api.keys.push(key)
    site.api.trouble.set(`/v1/user/keys/${key.key_id}`, { status: 503, title: 'Store unavailable' })
    const page = await site.visit({}, '#keys')
    await page.getByRole('button', { name: /^Revoke ci/ }).click()
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByRole('dialog').getByText('Temporarily unavailable').waitFor()
    site.api.trouble.clear()
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByText('No API keys yet').waitFor()
  })
})
