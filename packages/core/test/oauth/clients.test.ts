import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createGate } from '../../src/gate/create-gate.js'
import { checkClients } from '../../src/oauth/clients.js'
import { gateFixture } from '../gate/gate-fixture.js'
import { sessionOf } from '../http/http-fixture.js'
import { CLI, DEVICE_GRANT, type OAuthFixture, oauthFixture } from './oauth-fixture.js'

const ADMIN = 'admin@example.com'
const EVERYTHING = 'admin api tokens:write'
const CALLBACK = 'http://127.0.0.1:49152/callback'
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'

const wishFor = (scope: string) => ({
  response_type: 'code',
  client_id: CLI,
  redirect_uri: CALLBACK,
  code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
  code_challenge_method: 'S256',
  scope,
})

/** What an administrator's client gets by an authorization code: the page that is shown, and the answer of the token endpoint. */
async function consentTo({ context, call, post }: OAuthFixture, scope: string) {
  const wish = wishFor(scope)
  const headers = await sessionOf(context, ADMIN)
  const asked = await call('GET', `/oauth2/authorize?${new URLSearchParams(wish)}`, { headers })
  const answer = await call('POST', '/oauth2/authorize', { headers, form: { ...wish, decision: 'approve' } })
  const { searchParams } = new URL(answer.headers.get('location') ?? '')
  const code = searchParams.get('code')
  const redeemed =
    code === null
      ? undefined
      : await post('/oauth2/token', {
          grant_type: 'authorization_code',
          code,
          redirect_uri: CALLBACK,
          code_verifier: VERIFIER,
          client_id: CLI,
        })
  const shown = [...(await asked.text()).matchAll(/<li><code>(.+?)<\/code>/g)].map(([, name]) => name)
  return { shown, error: searchParams.get('error'), granted: String(redeemed?.body.scope).split(' ') }
}

describe('a client that asks for everything', () => {
  it('is shown with, and gets, all but admin of an administrator', async () => {
    const { shown, granted } = await consentTo(await oauthFixture(), EVERYTHING)
    expect(granted).not.toContain('admin')
    expect(granted).toEqual(['api', 'tokens:write'])
    expect(shown).toEqual(granted)
  })

  it('gets admin where it is configured for that', async () => {
    const fixture = await oauthFixture({ clients: [{ id: CLI, scopes: ['api', 'admin'] }] })
    const { shown, granted } = await consentTo(fixture, EVERYTHING)
    expect(granted).toEqual(['admin', 'api'])
    expect(shown).toEqual(granted)
  })

  it('is told invalid_scope where nothing is left, in a browser and on a device', async () => {
    const fixture = await oauthFixture()
    expect((await consentTo(fixture, 'admin')).error).toBe('invalid_scope')
    const begun = await fixture.post('/oauth2/device_authorization', { client_id: CLI, scope: 'admin' })
    expect(begun.body.error).toBe('invalid_scope')
  })

  it('gets no admin on a device either', async () => {
    const fixture = await oauthFixture()
    const begun = await fixture.post('/oauth2/device_authorization', { client_id: CLI, scope: EVERYTHING })
    const headers = await sessionOf(fixture.context, ADMIN)
    const form = { user_code: String(begun.body.user_code), decision: 'approve' }
    expect((await fixture.call('POST', '/device', { headers, form })).status).toBe(200)
    const { body } = await fixture.post('/oauth2/token', {
      grant_type: DEVICE_GRANT,
      device_code: String(begun.body.device_code),
      client_id: CLI,
    })
    expect(body.scope?.split(' ')).not.toContain('admin')
  })
})

it('what was bought before the client lost a scope is refreshed without it', async () => {
  const wide = { clients: [{ id: CLI, scopes: ['api', 'admin'] }] }
  const before = await oauthFixture(wide)
  const { refresh_token, scope } = await before.logIn(ADMIN, 'api admin')
  expect(scope).toBe('api admin')
  const after = await oauthFixture({ store: before.options.store })
  after.clock.now = before.clock.now
  const { body } = await after.refresh(refresh_token)
  expect(body.scope).toBe('api')
  expect((await after.refresh(body.refresh_token ?? '', { scope: 'admin' })).body.error).toBe('invalid_scope')
})

it('a 401 asks for the one scope that calls need', async () => {
  const { options } = await gateFixture()
  const gate = await createGate(options)
  const decision = await gate.authenticate({ method: 'GET', target: '/v1/models', rawHeaders: [] })
  if (decision.outcome !== 'deny') throw new Error(decision.outcome)
  const challenge = gate.refuse(decision.denial, '/v1/models').headers.get('www-authenticate')
  expect(challenge).toContain('scope="api"')
  expect(challenge).not.toContain('admin')
})

it('a scope of a client that the gate does not know, and the gate’s own id, are problems of the configuration', () => {
  const problems: string[] = []
  checkClients([{ id: 'backend', scopes: ['no-such'] }, { id: 'portcullis' }], ['api'], problems)
  expect(problems).toEqual([
    'oauth.clients: a scope of backend is none of the scopes',
    'oauth.clients: portcullis is the id of the gate itself',
  ])
})
