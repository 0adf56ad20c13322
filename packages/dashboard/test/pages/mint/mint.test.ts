import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { focused, tabToLabel } from '../../site/keyboard.js'
import { expectSnippets } from '../../site/snippets.js'
import { prepareVisits } from '../../site/visit.js'

const site = prepareVisits()
const DAY = 86_400

const nameField = (page: Page) => page.getByRole('textbox', { name: 'Name' })
const create = (page: Page) => page.getByRole('button', { name: 'Create token' })
const shownToken = async (page: Page) => (await page.locator('#minted-token').textContent()) ?? ''
const requested = () => site.api.calls.find((call) => call.path === '/api/token/generate')?.body

async function mint(page: Page, name: string): Promise<string> {
  await nameField(page).fill(name)
  await create(page).click()
  await page.getByRole('heading', { name: 'Your new token' }).waitFor()
  return shownToken(page)
}

describe('creating a token', () => {
  it('asks for the defaults of the service unless told otherwise', async () => {
    const page = await site.visit()
    await create(page).click()
    await page.getByRole('heading', { name: 'Your new token' }).waitFor()
    expect(requested()).toEqual({ expires_in: 30 * DAY, scopes: ['llm:invoke'] })
  })

  it('works by keyboard alone, from the first field to the last button', async () => {
    const page = await site.visit({ permissions: ['clipboard-read', 'clipboard-write'] })
    await nameField(page).waitFor()
    const tabTo = (name: string) => tabToLabel(page, name)
    await tabTo('Name')
    await page.keyboard.type('by keyboard')
    await tabTo('30 days')
    await page.keyboard.press('ArrowRight')
    await tabTo('llm:invoke')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await tabTo('Create token')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Your new token' }).waitFor()
    expect(requested()).toEqual({
      token_name: 'by keyboard',
      expires_in: 90 * DAY,
      scopes: ['llm:invoke', 'tokens:read'],
    })
    expect(await focused(page).textContent()).toBe('Your new token')
    await tabTo('Copy token')
    await page.keyboard.press('Enter')
    await page.getByText('Copied to the clipboard.').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(await shownToken(page))
    await tabTo('curl')
    await page.keyboard.press('ArrowRight')
    await page.getByRole('tabpanel').getByText('ANTHROPIC_AUTH_TOKEN').waitFor()
    await tabTo('Done, I have copied it')
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page).textContent()).toBe('New token')
  })

  it('takes a validity of its own, in whole units', async () => {
    const page = await site.visit()
    await page.getByText('Custom', { exact: true }).click()
    await page.getByLabel('Amount').fill('36')
    await page.getByLabel('Unit').selectOption('hours')
    await create(page).click()
    await page.getByRole('heading', { name: 'Your new token' }).waitFor()
    expect(requested()).toMatchObject({ expires_in: 36 * 3_600 })
  })

  it('sends nothing while a field is wrong, says what is, and goes there', async () => {
    const page = await site.visit()
    await page.getByText('Custom', { exact: true }).click()
    await page.getByLabel('Amount').fill('90.5')
    await page.getByLabel('llm:invoke').uncheck()
    await create(page).click()
    await page.getByText('A whole number, between 1 minute and 90 days.').waitFor()
    await page.getByText('Choose at least one.').waitFor()
    expect(await focused(page).getAttribute('value')).toBe('90.5')
    expect(requested()).toBeUndefined()
  })

  it('does not take a name that is too long', async () => {
    const page = await site.visit()
    await nameField(page).focus()
    await page.keyboard.insertText('x'.repeat(110))
    expect(await nameField(page).inputValue()).toHaveLength(100)
  })
})

describe('a new token', () => {
  it('is shown once: after Done it is nowhere in the page or its storage', async () => {
    const page = await site.visit()
    const token = await mint(page, 'once')
    expect(token).toMatch(/^eyJ[\w.-]+$/)
    await page.getByText('This is the only time it is shown').waitFor()
    await page.getByRole('button', { name: 'Done, I have copied it' }).click()
    await create(page).waitFor()
    expect(await page.content()).not.toContain(token)
    expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')).not.toContain(
      'eyJ',
    )
    await page.getByRole('row', { name: /^once/ }).waitFor()
    expect(await page.content()).not.toContain('eyJ')
  })

  it('comes with a snippet for each program, copied as it stands', async () => {
    const page = await site.visit({ permissions: ['clipboard-read', 'clipboard-write'] })
    const token = await mint(page, 'snippets')
    const expected = {
      curl: `Authorization: Bearer ${token}`,
      'Claude Code': `ANTHROPIC_AUTH_TOKEN=${token}`,
      'Roo Code': `API key: ${token}`,
      'OpenAI SDK': `apiKey: '${token}'`,
    }
    await expectSnippets(page, expected)
  })

  it('is copied where there is no clipboard API, as on plain http', async () => {
    const page = await site.visit({ permissions: ['clipboard-read'] })
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    const token = await mint(page, 'plain http')
    await page.getByRole('button', { name: 'Copy token' }).click()
    await page.getByText('Copied to the clipboard.').waitFor()
    expect(await focused(page).textContent()).toBe('Copied')
    const other = await page.context().newPage()
    await other.goto(`${site.origin}/token-manager`)
    expect(await other.evaluate('navigator.clipboard.readText()')).toBe(token)
  })

  it('is selected for copying by hand where the browser refuses to copy', async () => {
    const page = await site.visit()
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await page.evaluate('document.execCommand = () => false')
    const token = await mint(page, 'by hand')
    await page.getByRole('button', { name: 'Copy token' }).click()
    await page.getByText('Copying was refused by the browser.').waitFor()
    expect(await page.evaluate('getSelection().toString()')).toBe(token)
  })

  it('stays on show when the session ends meanwhile', async () => {
    const page = await site.visit()
    const token = await mint(page, 'kept')
    site.api.trouble.set('/oauth2/userinfo', { status: 401, title: 'Authentication required' })
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    await page.getByText('Your session ended').waitFor()
    expect(await shownToken(page)).toBe(token)
  })
})
