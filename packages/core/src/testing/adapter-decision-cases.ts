import assert from 'node:assert/strict'
import { request } from 'node:http'
import {
  type AdapterCase,
  codeOf,
  onStage,
  type Promised,
  type Scene,
  type StartServer,
} from './adapter-stage.js'

/** Who comes in, and what the gate answers by itself. */
export function decisionCases(a: Promised, startServer: StartServer): AdapterCase[] {
  return [
    a('a call without a credential gets a challenge and a problem body', async ({ origin }) => {
      const response = await fetch(`${origin}/things`)
      assert.equal(response.status, 401)
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer realm=/)
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
      assert.equal(await codeOf(response), 'credentials_missing')
    }),
    a('a refusal of HEAD has the challenge and no body', async ({ origin, seen }) => {
      const response = await fetch(`${origin}/things`, { method: 'HEAD' })
      assert.equal(response.status, 401)
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer realm=/)
      assert.equal(await response.text(), '')
      assert.equal(seen.head, undefined)
    }),
    a('the gate answers its own paths, HEAD included', async ({ origin, token }) => {
      assert.equal((await fetch(`${origin}/health`)).status, 200)
      assert.equal((await fetch(`${origin}/health`, { method: 'HEAD' })).status, 200)
      const user = await fetch(`${origin}/oauth2/userinfo`, { headers: { 'x-api-key': token } })
      assert.equal(((await user.json()) as { email: string }).email, 'ada@example.com')
    }),
    a('a path that two parsers could read differently is refused', async ({ origin, token }) => {
      for (const path of ['/things/../oauth2/userinfo', '//things', '/things%2fx', '/%74hings'])
        assert.equal(await statusOf(origin, path, { 'x-api-key': token }), 400, path)
    }),
    a('two different credentials are refused', async ({ origin, token }) => {
      const headers = { authorization: `Bearer ${token}`, 'x-api-key': 'another' }
      assert.equal(await statusOf(origin, '/things', headers), 400)
    }),
    a(
      'under a prefix the whole path is checked and forwarded',
      async ({ origin, token, seen }) => {
        const response = await fetch(`${origin}/prefix/things`, { headers: { 'x-api-key': token } })
        assert.equal(response.status, 200)
        assert.equal(seen.head?.url, '/prefix/things')
      },
      { mountAt: '/prefix' },
    ),
    a(
      'under a prefix strangers are refused, at the prefix itself too',
      async ({ origin, seen }) => {
        for (const path of ['/prefix', '/prefix/', '/prefix/things'])
          assert.equal((await fetch(origin + path)).status, 401, path)
        assert.equal(seen.head, undefined)
      },
      { mountAt: '/prefix' },
    ),
    a(
      'under a prefix a body arrives as it was sent',
      async ({ origin, token, seen }) => {
        const headers = { 'x-api-key': token, 'content-type': 'application/json' }
        await fetch(`${origin}/prefix/things`, { method: 'POST', headers, body: '{"a":  1}' })
        assert.equal(seen.body, '{"a":  1}')
      },
      { mountAt: '/prefix' },
    ),
    {
      name: 'of two gates in one process neither knows the tokens of the other',
      run: () =>
        onStage(startServer, {}, (first) =>
          onStage(startServer, {}, (second) => neitherKnowsTheOther(first, second), OTHER_SECRETS),
        ),
    },
  ]
}

const OTHER_SECRETS = {
  secret: 'Hq3VtY8mWc5ZxN1bKr7LpF4sJd9GuE2a',
  signing: 'Mb7QwR4xTz9KcV2nYp5HjL8sDf3GaE6u',
}

async function neitherKnowsTheOther(...scenes: [Scene, Scene]): Promise<void> {
  for (const [here, there] of [scenes, scenes.toReversed() as typeof scenes]) {
    const own = { headers: { 'x-api-key': here.token } }
    assert.equal((await fetch(`${here.origin}/things`, own)).status, 200)
    const response = await fetch(`${there.origin}/things`, own)
    assert.equal(response.status, 401)
    assert.equal(await codeOf(response), 'token_invalid')
    assert.equal((await fetch(`${there.origin}/oauth2/userinfo`, own)).status, 401)
  }
}

/** `fetch` would tidy the path up first. */
function statusOf(
  origin: string,
  path: string,
  headers: Record<string, string>,
): Promise<number | undefined> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .once('error', reject)
      .end()
  })
}
