import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../../src/store/memory.js'
import { withFaults } from '../../gate/gate-fixture.js'
import { httpFixture, sessionOf, tokenOf } from '../http-fixture.js'

const USER = 'user@example.com'

async function loggedIn() {
  const fixture = await httpFixture()
  const headers = await sessionOf(fixture.context, USER)
  const mint = (body: unknown) => fixture.call('POST', '/api/token/generate', { headers, body })
  const list = async () => {
    const response = await fixture.call('GET', '/api/token/list', { headers })
    return (await response.json()) as { tokens: { token_name: string; status: string }[]; count: number }
  }
  return { ...fixture, headers, mint, list }
}

describe('POST /api/token/generate', () => {
  it('answers with everything that the contract names, not to be cached', async () => {
    const { mint } = await loggedIn()
    const response = await mint({ token_name: 'ci', expires_in: 3600 })
    expect(response.status).toBe(201)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const body = (await response.json()) as Record<string, unknown>
    expect(body).toMatchObject({
      success: true,
      token_type: 'Bearer',
      token_name: 'ci',
      expires_in: 3600,
      scopes: ['api'],
      user_email: USER,
    })
    expect(body.expires_at).toBe(Number(body.created_at) + 3600)
    expect(body.usage_instructions).toEqual({
      curl: `curl https://gate.test/ -H "authorization: Bearer ${body.token}"`,
    })
  })

  it('says how to use it as the deployment says', async () => {
    const { context, call } = await httpFixture({
      usageInstructions: ({ token, publicUrl }) => ({ acme: `acme login ${publicUrl} ${token}` }),
    })
    const response = await call('POST', '/api/token/generate', {
      headers: await sessionOf(context, USER),
      body: {},
    })
    const { token, usage_instructions } = (await response.json()) as Record<string, string>
    expect(usage_instructions).toEqual({ acme: `acme login https://gate.test ${token}` })
  })

  it.each<[string, () => unknown]>([
    [
      'throw',
      () => {
        throw new Error('no')
      },
    ],
    ['reject', () => Promise.reject(new Error('no'))],
    ['never come', () => new Promise(() => {})],
    ['are no texts', () => ({ curl: 1 })],
    ['are missing', () => undefined],
    ['are a list', () => ['curl']],
  ])('hands the token out, and says so in the log, where instructions %s', async (_, instruct) => {
    const { context, call, events } = await httpFixture({
      usageInstructions: instruct as () => object as never,
    })
    const response = await call('POST', '/api/token/generate', {
      headers: await sessionOf(context, USER),
      body: {},
    })
    expect(response.status).toBe(201)
    const { token, usage_instructions } = (await response.json()) as Record<string, string>
    expect([typeof token, usage_instructions]).toEqual(['string', {}])
    expect(events.map(({ code }) => code)).toEqual(['usage_instructions_failed'])
    expect(JSON.stringify(events)).not.toContain(token)
  })

  it.each(['7775999.5', '-1', '0', '"3600"', '1e12', 'null', '[]', 'true', '59', '7776001'])(
    'refuses expires_in %s with a code, and mints nothing',
    async (expiresIn) => {
      const { mint, list } = await loggedIn()
      const response = await mint(`{"expires_in":${expiresIn}}`)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ code: 'expires_in_invalid', status: 400 })
      expect((await list()).count).toBe(0)
    },
  )

  it.each(['{"expires_in":NaN}', '', 'null', '[]', '{"a":1,"a":2}', '{', '"text"'])(
    'refuses the body %j, which is no JSON object',
    async (body) => {
      const { mint, list } = await loggedIn()
      const response = await mint(body)
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ code: 'input_invalid' })
      expect((await list()).count).toBe(0)
    },
  )

  it.each([
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['a\u0000b\u202ec', 'a b c'],
    ['x'.repeat(100), 'x'.repeat(100)],
    ['   ', 'token'],
  ])('keeps a name as bounded plain text', async (name, kept) => {
    const { mint, list } = await loggedIn()
    expect((await mint({ token_name: name })).status).toBe(201)
    expect((await list()).tokens[0]?.token_name).toBe(kept)
  })

  it('refuses a name over its limit', async () => {
    const { mint, list } = await loggedIn()
    const response = await mint({ token_name: 'x'.repeat(101) })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      code: 'input_invalid',
      detail: 'name: at most 100 characters.',
    })
    expect((await list()).count).toBe(0)
  })

  it('refuses a body that is no JSON by its type, or too large', async () => {
    const { call, headers } = await loggedIn()
    const form = await call('POST', '/api/token/generate', {
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'expires_in=3600',
    })
    expect(form.status).toBe(415)
    const large = await call('POST', '/api/token/generate', {
      headers,
      body: { token_name: 'x'.repeat(70_000) },
    })
    expect(large.status).toBe(413)
  })

  it('lets a token mint only what it may do itself', async () => {
    const { call, context } = await httpFixture()
    const headers = await tokenOf(context, 'admin@example.com', ['tokens:write'])
    const wide = await call('POST', '/api/token/generate', { headers, body: { scopes: ['admin'] } })
    expect(wide.status).toBe(403)
    expect(wide.headers.get('www-authenticate')).toContain('insufficient_scope')
    const same = await call('POST', '/api/token/generate', { headers, body: { scopes: ['tokens:write'] } })
    expect(same.status).toBe(201)
  })

  it('mints for nobody from another site (CSRF)', async () => {
    const { call, headers, list } = await loggedIn()
    for (const site of ['cross-site', 'same-site', 'none']) {
      const response = await call('POST', '/api/token/generate', {
        headers: { ...headers, 'sec-fetch-site': site },
        body: {},
      })
      expect(response.status).toBe(403)
    }
    expect((await list()).count).toBe(0)
  })

  it('answers 503 and leaves no token behind when the store fails, and the cookie stays', async () => {
    const store = memoryStore()
    let isBroken = false
    const faulty = withFaults(store, {
      commit: (partition, batch) =>
        isBroken ? Promise.reject(new Error('ECONNRESET 10.0.0.7')) : store.commit(partition, batch),
    })
    const { call, context } = await httpFixture({ store: faulty, clock: Date.now })
    const headers = await sessionOf(context, USER)
    isBroken = true
    const response = await call('POST', '/api/token/generate', { headers, body: {} })
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(await response.text()).not.toContain('10.0.0.7')
    isBroken = false
    const listed = await call('GET', '/api/token/list', { headers })
    expect(await listed.json()).toMatchObject({ count: 0, tokens: [] })
  })
})

describe('lists', () => {
  it('come in pages that lead on to each other', async () => {
    const { call, headers, mint } = await loggedIn()
    for (let index = 0; index < 5; index++) await mint({ token_name: `t${index}` })
    const names: string[] = []
    let cursor = ''
    do {
      const response = await call('GET', `/api/token/list?limit=2${cursor}`, { headers })
      const page = (await response.json()) as { tokens: { token_name: string }[]; next_cursor?: string }
      names.push(...page.tokens.map((token) => token.token_name))
      cursor = page.next_cursor === undefined ? '' : `&cursor=${encodeURIComponent(page.next_cursor)}`
    } while (cursor !== '')
    expect(names.toSorted()).toEqual(['t0', 't1', 't2', 't3', 't4'])
  })

  it.each(['limit=0', 'limit=201', 'limit=x', 'limit=1&limit=2', 'cursor=nonsense'])(
    'refuse %s with 400',
    async (query) => {
      const { call, headers } = await loggedIn()
      expect((await call('GET', `/api/token/list?${query}`, { headers })).status).toBe(400)
    },
  )
})
