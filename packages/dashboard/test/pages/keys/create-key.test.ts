import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { focused, tabToLabel } from '../../site/keyboard.js'
import { expectSnippets } from '../../site/snippets.js'
import { prepareVisits } from '../../site/visit.js'

const site = prepareVisits()
const DAY = 86_400
const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] }

const create = (page: Page) => page.getByRole('button', { name: 'Create API key' })
const shownKey = async (page: Page) => (await page.locator('#minted-key').textContent()) ?? ''
const requested = () => site.api.calls.find((call) => call.method === 'POST')

async function createKey(page: Page): Promise<string> {
  await create(page).click()
  await page.getByRole('heading', { name: 'Your new API key' }).waitFor()
  return shownKey(page)
}

describe('creating a key', () => {
  it('asks for ninety days unless told otherwise', async () => {
    const page = await site.visit({}, '#keys')
    await createKey(page)
    expect(requested()).toMatchObject({
      path: '/v1/user/keys',
      body: { expires_in: 90 * DAY, scopes: ['llm:invoke'] },
    })
  })

  it('asks for one without expiry by leaving it out', async () => {
    const page = await site.visit({}, '#keys')
    await page.getByText('No expiry').click()
    await page.getByText('Works until you revoke it.').waitFor()
    await createKey(page)
    expect(requested()?.body).toEqual({ scopes: ['llm:invoke'] })
    expect(await page.getByRole('definition').allTextContents()).toEqual(['key', 'Never', 'llm:invoke'])
  })

  it('takes up to ten years of its own, and no more', async () => {
    const page = await site.visit({}, '#keys')
    await page.getByText('No expiry').click()
    await page.getByText('Custom', { exact: true }).click()
    expect(await page.getByLabel('Amount').inputValue()).toBe('90')
    await page.getByLabel('Amount').fill('3661')
    await create(page).click()
    await page.getByText('A whole number, between 1 minute and 3,660 days.').waitFor()
    await page.getByLabel('Amount').fill('1095')
    await createKey(page)
    expect(requested()?.body).toMatchObject({ expires_in: 1095 * DAY })
    await page.getByText('(in 3 years)').waitFor()
  })

  it('works by keyboard alone, up to the copied key', async () => {
    const page = await site.visit(CLIPBOARD, '#keys')
    await create(page).waitFor()
    await tabToLabel(page, 'Name')
    await page.keyboard.type('by keyboard')
    await tabToLabel(page, '90 days')
    await page.keyboard.press('ArrowRight')
    await tabToLabel(page, 'Create API key')
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page).textContent()).toBe('Your new API key')
    expect(requested()?.body).toEqual({
      key_name: 'by keyboard',
      expires_in: 365 * DAY,
      scopes: ['llm:invoke'],
    })
    await tabToLabel(page, 'Copy key')
    await page.keyboard.press('Enter')
    await page.getByText('Copied to the clipboard.').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(await shownKey(page))
    await tabToLabel(page, 'Done, I have copied it')
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page).textContent()).toBe('New API key')
  })

  it('is refused in the words of the service, and says when a key may exist unseen', async () => {
    const page = await site.visit({}, '#keys')
    site.api.trouble.set('POST /v1/user/keys', {
      status: 409,
      title: 'Too many API keys',
      detail: 'Revoke <b>.',
    })
    await create(page).click()
    await page.getByText('The key was not created: Too many API keys').waitFor()
    await page.getByText('Revoke <b>.').waitFor()
    site.api.trouble.set('POST /v1/user/keys', 'broken')
    await create(page).click()
    await page.getByText('the key may exist all the same').waitFor()
  })
})

describe('a new key', () => {
  it('is shown once: after Done only its public part is in the page, and nothing in its storage', async () => {
    const page = await site.visit({}, '#keys')
    const key = await createKey(page)
    expect(key).toMatch(/^pk_[\w-]{77}$/)
    await page.getByRole('button', { name: 'Done, I have copied it' }).click()
    await create(page).waitFor()
    expect(await page.content()).not.toContain(key)
    await page.getByRole('rowheader').getByText(key.slice(0, 15)).waitFor()
    const stored = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')
    expect(stored).not.toContain('pk_')
  })

  it('comes with a snippet for each program, copied as it stands', async () => {
    const page = await site.visit(CLIPBOARD, '#keys')
    const key = await createKey(page)
    const expected = {
      curl: `curl ${site.origin}/v1/messages \\\n  -H "x-api-key: ${key}"`,
      'Claude Code': `ANTHROPIC_AUTH_TOKEN=${key}`,
      'Roo Code': `API Key: ${key}`,
      'OpenAI SDK': `OPENAI_API_KEY=${key}`,
    }
    await expectSnippets(page, expected)
  })

  it('stays on show when the reader looks at the tokens, and when the session ends meanwhile', async () => {
    const page = await site.visit({}, '#keys')
    const key = await createKey(page)
    await page.getByRole('tab', { name: 'API tokens' }).click()
    await page.getByText('No tokens yet').waitFor()
    site.api.trouble.set('/oauth2/userinfo', { status: 401, title: 'Authentication required' })
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    await page.getByText('Your session ended').waitFor()
    await page.getByRole('tab', { name: 'API keys' }).click()
    expect(await page.locator('#minted-key').isVisible()).toBe(true)
    expect(await shownKey(page)).toBe(key)
  })
})
