import assert from 'node:assert/strict'
import { type AdapterCase, codeOf, type Promised, tokenFor } from './adapter-stage.js'

/** Guards of single routes, and a gate that also lets strangers on. */
export function guardCases(a: Promised): AdapterCase[] {
  const guarded: Promised = (name, prove) => a(name, prove, { routes: 'guarded' })
  return [
    guarded('an optional gate lets strangers on, and knows who sends a good credential', async (scene) => {
      assert.equal(await emailOf(await fetch(`${scene.origin}/open`)), null)
      assert.equal(await emailOf(await get(scene.origin, '/open', scene.token)), 'ada@example.com')
    }),
    guarded('an optional gate refuses a bad credential and a path with two readings', async ({ origin }) => {
      const bad = await get(origin, '/open', 'bad')
      assert.equal(bad.status, 401)
      assert.match(bad.headers.get('www-authenticate') ?? '', /error="invalid_token"/)
      const query = await fetch(`${origin}/open?access_token=x`)
      assert.equal(query.status, 400)
      assert.equal(await codeOf(query), 'token_in_query')
    }),
    guarded('an optional gate answers its own paths', async ({ origin, token }) => {
      assert.equal((await fetch(`${origin}/health`)).status, 200)
      assert.equal((await fetch(`${origin}/oauth2/userinfo`)).status, 401)
      assert.equal(await emailOf(await get(origin, '/oauth2/userinfo', token)), 'ada@example.com')
    }),
    // RFC 6750 §3.1: without a credential there is no error code.
    guarded('a guard asks a stranger for a credential', async ({ origin }) => {
      for (const path of ['/admins', '/reports', '/staff', '/alone']) {
        const response = await fetch(origin + path)
        assert.equal(response.status, 401, path)
        const challenge = response.headers.get('www-authenticate') ?? ''
        assert.match(challenge, /^Bearer realm=/)
        assert.doesNotMatch(challenge, /error=/)
        assert.equal(await codeOf(response), 'credentials_missing')
      }
    }),
    guarded('a role lets itself and every higher one in', async ({ origin, gate, token }) => {
      const refused = await get(origin, '/admins', token)
      assert.equal(refused.status, 403)
      assert.equal(await codeOf(refused), 'role_insufficient')
      for (const account of ['grace@example.com', 'root@example.com'])
        assert.equal(
          await emailOf(await get(origin, '/admins', await tokenFor(gate, account, ['api']))),
          account,
        )
    }),
    // RFC 6750 §3.1: insufficient_scope, with the scope that is needed.
    guarded('a token without the scope is told which one it lacks', async ({ origin, gate, token }) => {
      const refused = await get(origin, '/reports', token)
      assert.equal(refused.status, 403)
      const challenge = refused.headers.get('www-authenticate') ?? ''
      assert.match(challenge, /error="insufficient_scope"/)
      assert.match(challenge, /scope="reports:read"/)
      const reader = await tokenFor(gate, 'ada@example.com', ['api', 'reports:read'])
      assert.equal(await emailOf(await get(origin, '/reports', reader)), 'ada@example.com')
    }),
    guarded('a group lets no token in, since none carries groups', async ({ origin, gate }) => {
      const refused = await get(origin, '/staff', await tokenFor(gate, 'root@example.com', ['api']))
      assert.equal(refused.status, 403)
      assert.equal(await codeOf(refused), 'group_insufficient')
    }),
    guarded('a guard with no gate before it is a gate itself', async ({ origin, token }) => {
      assert.equal(await emailOf(await get(origin, '/alone', token)), 'ada@example.com')
      assert.equal((await get(origin, '/alone', 'bad')).status, 401)
    }),
  ]
}

function get(origin: string, path: string, token: string): Promise<Response> {
  return fetch(origin + path, { headers: { authorization: `Bearer ${token}` } })
}

async function emailOf(response: Response): Promise<string | null> {
  assert.equal(response.status, 200)
  return ((await response.json()) as { email: string | null }).email
}
