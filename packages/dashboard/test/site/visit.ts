import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import type { DashboardOptions } from '../../src/check-options.js'
import type { Api } from './api.js'
import { launchBrowser, openVisit, type Visit } from './browser.js'
import { type Site, startSite } from './start.js'

export interface Visits {
  readonly api: Api
  readonly origin: string
  /**
   * Opens the page, at a tab of it, in a fresh profile; whatever it complains about on its console fails the test.
   */
  visit(options?: BrowserContextOptions, hash?: '' | '#keys'): Promise<Page>
  /** The complaints of the last visit so far; a test that provokes some takes them out. */
  readonly complaints: string[]
}

/** One browser for a test file; a fresh site for each test. */
export function prepareVisits(options?: DashboardOptions): Visits {
  let browser: Browser
  let site: Site
  let visits: Visit[] = []

  beforeAll(async () => {
    browser = await launchBrowser()
  })
  beforeEach(async () => {
    site = await startSite(options)
  })
  afterEach(async () => {
    const complaints = visits.flatMap((visit) => visit.complaints)
    for (const { context } of visits) await context.close()
    visits = []
    await site.close()
    expect(complaints).toEqual([])
  })
  afterAll(() => browser.close())

  return {
    get api() {
      return site.api
    },
    get origin() {
      return site.origin
    },
    get complaints() {
      return visits.at(-1)?.complaints ?? []
    },
    async visit(contextOptions, hash = '') {
      const opened = await openVisit(browser, contextOptions)
      visits.push(opened)
      await opened.page.goto(`${site.origin}/token-manager${hash}`)
      await opened.page.getByRole('heading', { level: 1 }).waitFor()
      return opened.page
    },
  }
}
