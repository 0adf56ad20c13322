import type { Locator, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { storedToken } from '../../site/api.js'
import { lowContrast } from '../../site/contrast.js'
import { storedKey } from '../../site/keys.js'
import { prepareVisits } from '../../site/visit.js'

const site = prepareVisits()
const PHONE = { viewport: { width: 360, height: 740 } }

function furnish(): void {
  site.api.tokens.push(
    storedToken('a-name-without-any-place-to-break-'.repeat(3).slice(0, 100)),
    storedToken('expired', { status: 'expired', expires_at: 1_750_000_000 }),
    storedToken('revoked', { status: 'revoked' }),
  )
  const name = 'another-name-without-any-place-to-break-'.repeat(3).slice(0, 100)
  site.api.keys.push(storedKey(name), storedKey('ending', { expires_at: 1_750_000_000 }))
  site.api.userName = 'Maximiliane Wolfeschlegelsteinhausenbergerdorff-Vanderberghe'
}

const FOCUS_OUTLINE = 'getComputedStyle(document.activeElement).outlineStyle'
const overflow = (page: Page) => page.evaluate('document.documentElement.scrollWidth - innerWidth')

async function questionFits(page: Page, button: Locator): Promise<void> {
  await button.click()
  await page.getByRole('dialog').waitFor()
  expect(await overflow(page)).toBe(0)
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

async function snippetsFit(page: Page): Promise<void> {
  for (const tab of await page.locator('section section').getByRole('tab').all()) {
    await tab.click()
    expect(await overflow(page)).toBe(0)
  }
}

describe('on a phone of 360 pixels', () => {
  it.each(['en-GB', 'de-DE'])('nothing has to be scrolled sideways (%s)', async (locale) => {
    furnish()
    const page = await site.visit({ ...PHONE, locale })
    await page.getByRole('listitem').first().waitFor()
    expect(await page.getByRole('table').count()).toBe(0)
    expect(await overflow(page)).toBe(0)
    await questionFits(page, page.getByRole('listitem').first().getByRole('button'))
    await page.locator('form button[type=submit]').last().click()
    await page.locator('#minted-token').waitFor()
    await snippetsFit(page)
  })

  it.each(['en-GB', 'de-DE'])('nothing of the keys has to be scrolled sideways (%s)', async (locale) => {
    furnish()
    const page = await site.visit({ ...PHONE, locale }, '#keys')
    const buttons = page.getByRole('listitem').first().getByRole('button')
    await questionFits(page, buttons.last())
    await questionFits(page, buttons.first())
    expect(await overflow(page)).toBe(0)
    await buttons.first().click()
    await page.getByRole('dialog').getByRole('button').last().click()
    await page.locator('#minted-key').waitFor()
    await snippetsFit(page)
  })

  it.each(['', '#keys'] as const)(
    'every button is tall enough to hit (WCAG 2.2 §2.5.8, %j)',
    async (hash) => {
      furnish()
      const page = await site.visit(PHONE, hash)
      await page.getByRole('listitem').first().waitFor()
      const buttons = await page.getByRole('button').all()
      expect(buttons.length).toBeGreaterThan(3)
      for (const button of buttons) {
        expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(24)
      }
    },
  )
})

describe('every text stands out from its ground (WCAG 2.2 §1.4.3)', () => {
  it.each(['light', 'dark'] as const)('in the %s scheme', async (colorScheme) => {
    furnish()
    const page = await site.visit({ colorScheme, reducedMotion: 'reduce' })
    await page.getByRole('row', { name: /^expired/ }).waitFor()
    await page.getByText('Custom', { exact: true }).click()
    await page.getByLabel('Amount').fill('0')
    site.api.trouble.set('/oauth2/userinfo', { status: 503, title: 'Store unavailable' })
    await page.getByRole('button', { name: 'Create token' }).click()
    await page.getByText('A whole number').waitFor()
    expect(await lowContrast(page)).toEqual([])
    await page.getByText('7 days', { exact: true }).click()
    await page.getByRole('button', { name: 'Create token' }).click()
    await page.locator('#minted-token').waitFor()
    expect(await lowContrast(page)).toEqual([])
  })

  it.each(['light', 'dark'] as const)('of the keys too, in the %s scheme', async (colorScheme) => {
    furnish()
    const page = await site.visit({ colorScheme, reducedMotion: 'reduce' }, '#keys')
    await page.getByText('No expiry').click()
    await page.getByRole('row', { name: /^ending/ }).waitFor()
    expect(await lowContrast(page)).toEqual([])
    await page.getByRole('button', { name: /^Rotate/ }).click()
    await page.getByText('Not at all').click()
    site.api.trouble.set(`/v1/user/keys/${site.api.keys[0]?.key_id}/rotate`, 'broken')
    await page.getByRole('button', { name: 'Rotate key' }).click()
    await page.getByText('may have been rotated all the same').waitFor()
    expect(await lowContrast(page)).toEqual([])
    site.api.trouble.clear()
    await page.getByRole('button', { name: 'Rotate key' }).click()
    await page.locator('#minted-key').waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await lowContrast(page)).toEqual([])
  })

  it.each(['light', 'dark'] as const)('also when something failed, in the %s scheme', async (colorScheme) => {
    site.api.trouble.set('/api/token/list', { status: 400, title: 'Invalid cursor', detail: 'Start again.' })
    const page = await site.visit({ colorScheme })
    await page.getByText('Invalid cursor').waitFor()
    expect(await lowContrast(page)).toEqual([])
  })
})

describe('the structure', () => {
  it('has one main heading, one banner and one main part, and names its regions', async () => {
    const page = await site.visit()
    await page.getByText('No tokens yet').waitFor()
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
    expect(await page.getByRole('banner').count()).toBe(1)
    expect(await page.getByRole('main').count()).toBe(1)
    for (const name of ['New token', 'Your tokens', 'Account']) {
      expect(await page.getByRole('region', { name }).count()).toBe(1)
    }
  })

  it('has the same on the tab of keys, and names what is typed and chosen', async () => {
    const page = await site.visit({}, '#keys')
    await page.getByText('No API keys yet').waitFor()
    expect(await page.getByRole('heading', { level: 1 }).allTextContents()).toEqual(['API keys'])
    expect(await page.getByRole('tab', { selected: true }).textContent()).toBe('API keys')
    for (const name of ['New API key', 'Your API keys']) {
      expect(await page.getByRole('region', { name }).count()).toBe(1)
    }
    const choices = page.getByRole('group', { name: 'Valid for' }).getByRole('radio')
    expect(await choices.and(page.getByLabel('No expiry')).count()).toBe(1)
    expect(await page.getByRole('group', { name: 'May do' }).getByRole('checkbox').count()).toBe(3)
    const ids = await page.locator('[id]').evaluateAll((elements) => elements.map((element) => element.id))
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('shows where the keyboard is', async () => {
    const page = await site.visit()
    await page.getByRole('button', { name: 'Create token' }).waitFor()
    for (let step = 0; step < 4; step += 1) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(FOCUS_OUTLINE)).toBe('solid')
    }
  })
})

describe('the policy of the page', () => {
  it('stops a script that found its way in', async () => {
    const page = await site.visit()
    await page.evaluate(`
      const script = document.createElement('script')
      script.textContent = 'globalThis.intruder = true'
      document.body.append(script)
      document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="globalThis.intruder = true">')
    `)
    await expect.poll(() => site.complaints.length).toBeGreaterThanOrEqual(2)
    expect(await page.evaluate('globalThis.intruder')).toBeUndefined()
    expect(site.complaints.splice(0).join()).toContain('Content Security Policy')
  })
})
