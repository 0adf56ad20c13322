import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { device } from '../../../src/device/plugin.js'
import type { Problem } from '../../../src/errors/problem.js'
import { problemPage } from '../../../src/http/answers/page.js'
import { oauth } from '../../../src/oauth/plugin.js'
import { type HttpFixture, httpFixture, sessionOf } from '../http-fixture.js'

/** What closes a tag, an attribute in either quotes, a style and a title, and brings an element with a handler. */
const HOSTILE = `"><img src=x onerror=alert(1)>'><svg/onload=alert(2)></title><script>alert(3)</script>&lt;`
/** As an address: without white space, and longer than a telephone is wide. */
const HOSTILE_EMAIL = `"'><img/src=x/onerror=alert(1)><script>alert(2)</script>${'a'.repeat(60)}@evil.test`
/** As a scope: without quotes. */
const HOSTILE_SCOPE = `'><img/src=x/onerror=alert(1)><script>alert(2)</script>`
const CLIENT = '"><script>alert(1)</script>'
const CALLBACK = 'https://program.test/callback'

const ELEMENTS = 'html head meta title style body main h1 p code ul li form input button a label'.split(' ')
const ATTRIBUTES =
  'lang charset name content method action type value class href required autofocus autocomplete autocapitalize spellcheck maxlength placeholder'.split(
    ' ',
  )

const TELEPHONE = { width: 390, height: 844 }

let browser: Browser
let fixture: HttpFixture
let headers: Record<string, string>

beforeAll(async () => {
  const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const executablePath = process.env.CHROMIUM_PATH ?? usual.find((path) => existsSync(path))
  if (executablePath === undefined) throw new Error('No Chromium; name one in CHROMIUM_PATH')
  browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] })
  fixture = await httpFixture({
    scopes: { api: HOSTILE, [HOSTILE_SCOPE]: HOSTILE },
    plugins: [oauth({ clients: [{ id: CLIENT, name: HOSTILE, redirectUris: [CALLBACK] }] }), device()],
  })
  headers = await sessionOf(fixture.context, HOSTILE_EMAIL)
})
afterAll(() => browser?.close())

interface Shown {
  readonly text: string
  readonly fields: Readonly<Record<string, string>>
  readonly formAction: string | undefined
  readonly links: readonly string[]
}

interface Seen {
  readonly elements: readonly string[]
  readonly attributes: readonly string[]
  readonly isStyled: boolean
  readonly fits: boolean
  readonly shown: Shown
}

/** Runs in the browser. */
const LOOK = `(() => {
  const all = [...document.querySelectorAll('*')]
  const inputs = [...document.querySelectorAll('input')]
  return {
    elements: all.map((element) => element.localName),
    attributes: all.flatMap((element) => element.getAttributeNames()),
    isStyled: getComputedStyle(document.querySelector('main')).borderRadius === '12px',
    fits: [document.documentElement, document.querySelector('main')].every(
      (box) => box.scrollWidth <= box.clientWidth,
    ),
    shown: {
      text: document.body.innerText,
      fields: Object.fromEntries(inputs.map(({ name, value }) => [name, value])),
      formAction: document.querySelector('form')?.action,
      links: [...document.querySelectorAll('a')].map(({ href }) => href),
    },
  }
})()`

/** What a real browser makes of an answer, with the headers it has. Fails where there is anything but our own markup. */
async function show(answer: Response): Promise<Shown> {
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const page: Page = await browser.newPage({ viewport: TELEPHONE })
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('dialog', (dialog) => complaints.push(dialog.message()))
  try {
    const body = await answer.text()
    const status = answer.status
    await page.route('**/*', (route) =>
      route.fulfill({ status, headers: Object.fromEntries(answer.headers), body }),
    )
    await page.goto('https://gate.test/page')
    const seen = await page.evaluate<Seen>(LOOK)
    expect(seen.elements.filter((name) => !ELEMENTS.includes(name))).toEqual([])
    expect(seen.attributes.filter((name) => !ATTRIBUTES.includes(name))).toEqual([])
    const unexpected = complaints.filter((complaint) => !complaint.startsWith('Failed to load'))
    expect([seen.isStyled, seen.fits, unexpected]).toEqual([true, true, []])
    return seen.shown
  } finally {
    await page.close()
  }
}

const wish = {
  response_type: 'code',
  client_id: CLIENT,
  redirect_uri: CALLBACK,
  code_challenge: createHash('sha256').update('verifier').digest('base64url'),
  code_challenge_method: 'S256',
  scope: `api ${HOSTILE_SCOPE}`,
  state: HOSTILE,
}

describe('a page shows as text, and runs nothing of,', () => {
  it('the name of a program, an account, scopes, their descriptions and the state of a request', async () => {
    const answer = await fixture.call('GET', `/oauth2/authorize?${new URLSearchParams(wish)}`, { headers })
    expect(answer.status).toBe(200)
    const { text, fields } = await show(answer)
    expect(text).toContain(`Let ${HOSTILE} in?`)
    expect(text).toContain(`It will act as ${HOSTILE_EMAIL}, and may:`)
    expect(text).toContain(`${HOSTILE_SCOPE} ${HOSTILE}`)
    expect(fields).toEqual(wish)
  })

  it('the program, the account and the scopes of a device', async () => {
    const form = { client_id: CLIENT, scope: `api ${HOSTILE_SCOPE}` }
    const begun = await fixture.call('POST', '/oauth2/device_authorization', { form })
    const { user_code: userCode } = (await begun.json()) as { user_code: string }
    const { text, fields } = await show(
      await fixture.call('GET', `/device?user_code=${userCode}`, { headers }),
    )
    for (const part of [HOSTILE, HOSTILE_EMAIL, HOSTILE_SCOPE, userCode]) expect(text).toContain(part)
    expect(fields).toEqual({ user_code: userCode })
    const denial = { user_code: userCode, decision: 'deny' }
    const decided = await show(await fixture.call('POST', '/device', { headers, form: denial }))
    expect(decided.text).toContain('Denied')
  })

  it('a code that somebody typed or was led to', async () => {
    const path = `/device?user_code=${encodeURIComponent(HOSTILE.slice(0, 60))}`
    expect((await show(await fixture.call('GET', path, { headers }))).text).toContain('Connect a device')
  })

  it('where a logout leads to', async () => {
    const path = `/oauth2/sign_out?rd=${encodeURIComponent(`/?${HOSTILE_SCOPE}"'`)}`
    const elsewhere = { ...headers, 'sec-fetch-site': 'cross-site' }
    const asked = await show(await fixture.call('GET', path, { headers: elsewhere }))
    const leaving = '/?%27%3E%3Cimg/src=x/onerror=alert(1)%3E'
    expect(new URL(asked.formAction ?? '').searchParams.get('rd')).toContain(leaving)
    const own = await sessionOf(fixture.context, 'user@example.com')
    const { links } = await show(await fixture.call('POST', path, { headers: own }))
    expect(links.map((link) => new URL(link).searchParams.get('rd'))).toEqual([
      expect.stringContaining(leaving),
    ])
  })

  it.each([
    ['a path', `/api/${encodeURIComponent(HOSTILE)}`],
    ['a code of a problem', `/.well-known/portcullis/problems/${encodeURIComponent(HOSTILE)}`],
    ['a client', `/oauth2/authorize?${new URLSearchParams({ ...wish, client_id: HOSTILE })}`],
    [
      'an address to go back to',
      `/oauth2/authorize?${new URLSearchParams({ ...wish, redirect_uri: HOSTILE })}`,
    ],
    ['a member', `/oauth2/authorize?${encodeURIComponent(HOSTILE)}=1`],
    [
      'what a provider says',
      `/oauth2/callback?${new URLSearchParams({ error: HOSTILE, error_description: HOSTILE, state: HOSTILE })}`,
    ],
  ])('%s of a refused request', async (_, path) => {
    const navigation = { ...headers, 'sec-fetch-mode': 'navigate', accept: 'text/html' }
    const answer = await fixture.call('GET', path, { headers: navigation })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    await show(answer)
  })

  it('a title, a detail and a code, whatever they quote', async () => {
    const problem = { type: 'about:blank', title: HOSTILE, detail: HOSTILE, status: 400 }
    const { text } = await show(await problemPage({ ...problem, code: HOSTILE } as unknown as Problem))
    expect(text.split(HOSTILE)).toHaveLength(4)
  })
})

it('markup stands in templates of the tag html alone, which escapes', () => {
  const root = join(import.meta.dirname, '../../../src')
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const innermost = /\bhtml`(?:(?!\bhtml`)[^`])*`/
  const joined = sources.filter((name) => {
    let rest = readFileSync(join(root, name), 'utf8').replace(/\/\*\*[\s\S]*?\*\//g, '')
    while (innermost.test(rest)) rest = rest.replace(innermost, '')
    return /<\/?(html|head|body|main|form|input|button|p|h1|ul|li|code|a|script|style|label)\b[^<>]*>/.test(
      rest,
    )
  })
  expect(joined).toEqual([])
})
