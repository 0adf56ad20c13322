import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** Copies each snippet from its tab; what is on the clipboard then has the text in it. */
export async function expectSnippets(page: Page, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [tab, text] of Object.entries(texts)) {
    await page.getByRole('tab', { name: tab }).click()
    await page.getByRole('button', { name: 'Copy snippet' }).click()
    await page.getByRole('button', { name: 'Copied', exact: true }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain(text)
  }
}
