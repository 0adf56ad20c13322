import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { focused, tabToLabel } from '../../site/keyboard.js'
import { storedKey } from '../../site/keys.js'
import { prepareVisits } from '../../site/visit.js'

const site = prepareVisits()
const DAY = 86_400
const now = () => Math.floor(Date.now() / 1000)

const rotation = () => site.api.calls.find((call) => call.path.endsWith('/rotate'))
const fact = (page: Page, term: string) =>
  page.locator('dl > div', { hasText: term }).getByRole('definition').textContent()

describe('rotating a key', () => {
  it('gives the old key an hour unless told otherwise, and shows the new one with until when', async () => {
    const old = storedKey('server')
    site.api.keys.push(old)
    const page = await site.visit({}, '#keys')
    await page.getByRole('button', { name: `Rotate server ${old.key_id}` }).click()
    const dialog = page.getByRole('dialog', { name: 'Rotate this API key?' })
    expect(await dialog.getByRole('radio', { checked: true }).getAttribute('value')).toBe('3600')
    await dialog.getByRole('button', { name: 'Rotate key' }).click()
    await expect.poll(() => focused(page).textContent()).toBe('Your new API key')
    await dialog.waitFor({ state: 'detached' })
    expect(await focused(page).textContent()).toBe('Your new API key')
    expect(rotation()).toMatchObject({
      path: `/v1/user/keys/${old.key_id}/rotate`,
      body: { overlap_seconds: 3_600 },
    })
    expect(await page.locator('#minted-key').textContent()).not.toContain(old.key_id)
    expect(await fact(page, 'The old key')).toMatch(/^Works until .+ \(in 1 hour\)$/)
    expect(await page.getByRole('row', { name: /^server/ }).count()).toBe(2)
    expect(await page.getByRole('button', { name: /^Rotate/ }).count()).toBe(0)
    await page.getByRole('button', { name: 'Done, I have copied it' }).click()
    await page
      .getByRole('button', { name: /^Rotate/ })
      .first()
      .waitFor()
  })

  it('by keyboard ends the old key at once, on demand', async () => {
    site.api.keys.push(storedKey('server'))
    const page = await site.visit({}, '#keys')
    await page.getByRole('button', { name: /^Rotate/ }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page).textContent()).toBe('Leave as it is')
    await tabToLabel(page, '1 hour')
    await page.keyboard.press('ArrowLeft')
    await page.getByText('refused from its next request on').waitFor()
    await tabToLabel(page, 'Rotate key')
    await page.keyboard.press('Enter')
    await expect.poll(() => focused(page).textContent()).toBe('Your new API key')
    expect(rotation()?.body).toEqual({ overlap_seconds: 0 })
    expect(await fact(page, 'The old key')).toBe('No longer works')
    expect(await page.getByRole('row', { name: /^server/ }).count()).toBe(1)
  })

  it('never promises more than the old key had left', async () => {
    site.api.keys.push(storedKey('server', { expires_at: now() + 2 * DAY }))
    const page = await site.visit({}, '#keys')
    await page.getByRole('button', { name: /^Rotate/ }).click()
    await page.getByText('7 days', { exact: true }).click()
    await page.getByRole('button', { name: 'Rotate key' }).click()
    await page.locator('#minted-key').waitFor()
    expect(rotation()?.body).toEqual({ overlap_seconds: 7 * DAY })
    expect(await fact(page, 'The old key')).toMatch(/\(in 2 days\)$/)
  })

  it('that got no answer says that the key may be rotated, and can be left', async () => {
    const old = storedKey('server')
    site.api.keys.push(old)
    site.api.trouble.set(`/v1/user/keys/${old.key_id}/rotate`, 'broken')
    const page = await site.visit({}, '#keys')
    const button = page.getByRole('button', { name: /^Rotate/ })
    await button.click()
    await page.getByRole('button', { name: 'Rotate key' }).click()
    await page.getByText('No connection').waitFor()
    await page.getByText('the key may have been rotated all the same').waitFor()
    await page.getByRole('button', { name: 'Leave as it is' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await button.click()
    expect(await page.getByRole('dialog').getByRole('alert').count()).toBe(0)
  })
})
