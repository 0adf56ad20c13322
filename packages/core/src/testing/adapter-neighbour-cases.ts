import assert from 'node:assert/strict'
import { type AdapterCase, codeOf, type Promised } from './adapter-stage.js'

/** How the gate gets along with what is mounted before it. */
export function neighbourCases(a: Promised): AdapterCase[] {
  return [
    a('the gate sets its cookies, and the upstream none on the gate’s origin', async ({ origin, token }) => {
      const response = await fetch(`${origin}/cookies`, { headers: { 'x-api-key': token } })
      assert.deepEqual(response.headers.getSetCookie(), [])
      const own = await fetch(`${origin}/oauth2/sign_out`, {
        headers: { 'sec-fetch-site': 'same-origin' },
        redirect: 'manual',
      })
      assert.equal(own.headers.getSetCookie().length, 1)
    }),
    a(
      'a body parser before the gate is answered with a clear error instead of a hang',
      async ({ origin, token }) => {
        const headers = { 'x-api-key': token, 'content-type': 'application/json' }
        const response = await fetch(`${origin}/things`, { method: 'POST', headers, body: '{"a":1}' })
        assert.equal(response.status, 500)
        assert.equal(await codeOf(response), 'body_already_read')
      },
      { bodyParserFirst: true },
    ),
    a(
      'the gate’s own routes work behind a body parser',
      async ({ origin, token }) => {
        const headers = { 'x-api-key': token, 'content-type': 'application/json' }
        const body = JSON.stringify({ token_name: 'behind a parser', scopes: ['api'] })
        const response = await fetch(`${origin}/api/token/generate`, { method: 'POST', headers, body })
        assert.equal(response.status, 201)
        assert.equal(((await response.json()) as { token_name: string }).token_name, 'behind a parser')
      },
      { bodyParserFirst: true },
    ),
    a(
      'a preflight carries no credential: CORS middleware before the gate answers it',
      async ({ origin, seen }) => {
        const headers = {
          origin: PAGE,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        }
        const preflight = await fetch(`${origin}/things`, { method: 'OPTIONS', headers })
        assert.ok(preflight.ok, `status ${preflight.status}`)
        assertOpenTo(PAGE, preflight)
        assert.equal(seen.head, undefined)
      },
      { corsFirst: true },
    ),
    a('without CORS middleware a preflight is refused like any stranger', async ({ origin, seen }) => {
      const headers = { origin: PAGE, 'access-control-request-method': 'POST' }
      const preflight = await fetch(`${origin}/things`, { method: 'OPTIONS', headers })
      assert.equal(preflight.status, 401)
      assert.equal(preflight.headers.get('access-control-allow-origin'), null)
      assert.equal(seen.head, undefined)
    }),
    a(
      'a page of another origin can read refusals with their challenge, and answers',
      async ({ origin, token }) => {
        const refused = await fetch(`${origin}/things`, { headers: { origin: PAGE } })
        assert.equal(refused.status, 401)
        assertOpenTo(PAGE, refused)
        assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer realm=/)
        assert.equal(refused.headers.get('cache-control'), 'no-store')
        for (const path of ['/things', '/oauth2/userinfo']) {
          const response = await fetch(origin + path, { headers: { origin: PAGE, 'x-api-key': token } })
          assert.equal(response.status, 200)
          assertOpenTo(PAGE, response)
        }
      },
      { corsFirst: true },
    ),
    a(
      'headers and cookies that were set before survive on answers of the gate and of the upstream',
      async ({ origin, token }) => {
        const authenticated = { headers: { 'x-api-key': token } }
        const answers = [
          await fetch(`${origin}/things`),
          await fetch(`${origin}/health`),
          await fetch(`${origin}/things`, authenticated),
          await fetch(`${origin}/cookies`, authenticated),
        ]
        for (const { headers, url } of answers) {
          assert.equal(headers.get('x-earlier'), 'kept', url)
          assert.deepEqual(headers.getSetCookie(), ['earlier=kept'], url)
        }
        const own = { headers: { 'sec-fetch-site': 'same-origin' }, redirect: 'manual' } as const
        const signedOut = await fetch(`${origin}/oauth2/sign_out`, own)
        assert.equal(signedOut.headers.getSetCookie().length, 2)
      },
      { headersFirst: true },
    ),
  ]
}

const PAGE = 'https://page.example.com'

function assertOpenTo(page: string, { headers }: Response): void {
  assert.ok(['*', page].includes(headers.get('access-control-allow-origin') ?? ''))
}
