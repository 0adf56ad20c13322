import type { Page } from 'playwright-core'

const FOCUSED_LABEL =
  'document.activeElement.labels?.[0]?.innerText.trim() ?? document.activeElement.innerText.trim()'

export const focused = (page: Page) => page.locator(':focus')

/** Presses Tab until the focus is on what is labelled so. */
export async function tabToLabel(page: Page, label: string): Promise<void> {
  for (let step = 0; step < 30; step += 1) {
    await page.keyboard.press('Tab')
    if ((await page.evaluate(FOCUSED_LABEL)) === label) return
  }
  throw new Error(`Tab never reached ${label}`)
}
