import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { prepareVisits } from '../../site/visit.js'

const site = prepareVisits()

const KINDS = [
  { kind: 'token', hash: '', path: '/api/token/generate', button: 'Create token', heading: 'Your new token' },
  {
    kind: 'key',
    hash: '#keys',
    path: '/v1/user/keys',
    button: 'Create API key',
    heading: 'Your new API key',
  },
] as const

describe.each(KINDS)('the form for a new $kind', ({ kind, hash, path, button, heading }) => {
  const create = (page: Page) => page.getByRole('button', { name: button })
  const shown = async (page: Page) => {
    await page.getByRole('heading', { name: heading }).waitFor()
    return page.locator(`#minted-${kind}`).textContent()
  }
  const made = () => (kind === 'token' ? site.api.tokens : site.api.keys)
  const sentKeys = () =>
    site.api.calls
      .filter((call) => call.method === 'POST' && call.path === path)
      .map(({ idempotencyKey }) => idempotencyKey)
  const done = (page: Page) => page.getByRole('button', { name: 'Done, I have copied it' }).click()

  it('makes one of a double click', async () => {
    const page = await site.visit({}, hash)
    await create(page).dblclick()
    await shown(page)
    expect(made()).toHaveLength(1)
  })

  it('makes one of two submits before the page has noticed the first', async () => {
    const page = await site.visit({}, hash)
    await create(page).waitFor()
    await create(page).evaluate((pressed: { form: { requestSubmit(): void } }) => {
      pressed.form.requestSubmit()
      pressed.form.requestSubmit()
    })
    await shown(page)
    await expect.poll(() => sentKeys().length).toBe(2)
    expect(new Set(sentKeys()).size).toBe(1)
    expect(sentKeys()[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(made()).toHaveLength(1)
  })

  it('shows the one that was made when its answer was lost and it is asked again', async () => {
    const page = await site.visit({}, hash)
    site.api.trouble.set(path, 'lost')
    await create(page).click()
    await page.getByText('you get that one and no second').first().waitFor()
    expect(made()).toHaveLength(1)
    site.api.trouble.set(path, { status: 429, title: 'Too many requests' })
    await create(page).click()
    await page.getByText('Too many requests').first().waitFor()
    site.api.trouble.clear()
    await create(page).click()
    expect(await shown(page)).toBeTruthy()
    expect(made()).toHaveLength(1)
    expect(new Set(sentKeys()).size).toBe(1)
  })

  it('makes another when another is asked for, also after a lost answer', async () => {
    const page = await site.visit({}, hash)
    site.api.trouble.set(path, 'lost')
    await create(page).click()
    await page.getByText('you get that one and no second').first().waitFor()
    site.api.trouble.clear()
    await page.getByRole('textbox', { name: 'Name' }).fill('another')
    await create(page).click()
    const first = await shown(page)
    await done(page)
    await create(page).click()
    expect(await shown(page)).not.toBe(first)
    expect(made()).toHaveLength(3)
  })

  it('makes another once that of the lost answer is gone', async () => {
    const page = await site.visit({}, hash)
    site.api.trouble.set(path, {
      status: 409,
      title: 'Created before, and gone',
      code: 'idempotent_result_gone',
    })
    await create(page).click()
    await page.getByText('Created before, and gone').first().waitFor()
    site.api.trouble.clear()
    await create(page).click()
    await shown(page)
    expect(new Set(sentKeys()).size).toBe(2)
  })
})
