import { describe, expect, it } from 'vitest'
import { bindOperations } from '../../src/gate/operations.js'
import { must } from '../gate/gate-fixture.js'
import { startFamilyOf } from '../oauth/oauth-fixture.js'
import { ADMIN, answerOf, EVERY_SCOPE, type Headers, open, ROOT, startIssuer, USER } from './callers.js'
import { apiKeyOf, sessionOf, tokenOf } from './http-fixture.js'

startIssuer()

describe('ownership', () => {
  /** An owner’s things, and a thief with every credential that could reach for them. */
  async function scene() {
    const fixture = await open()
    const owner = await sessionOf(fixture.context, 'owner@example.com')
    const post = async (path: string, body: unknown) =>
      (await (await fixture.call('POST', path, { headers: owner, body })).json()) as Record<string, string>
    const token = await post('/api/token/generate', {})
    const apiKey = await post('/v1/user/keys', {})
    const thieves: [string, Headers][] = [
      ['session', await sessionOf(fixture.context, 'thief@example.com')],
      ['token', await tokenOf(fixture.context, 'thief@example.com', EVERY_SCOPE)],
      ['API key', await apiKeyOf(fixture.context, 'thief@example.com', EVERY_SCOPE)],
      ['session of an admin', await sessionOf(fixture.context, ADMIN)],
      ['session of a super admin', await sessionOf(fixture.context, ROOT)],
    ]
    const worksWith = async (headers: Headers) =>
      (await fixture.call('GET', '/oauth2/userinfo', { headers })).status === 200
    return { ...fixture, owner, token, apiKey, thieves, worksWith }
  }

  it('a token of another account is not there to be seen or revoked', async () => {
    const { call, token, thieves, worksWith } = await scene()
    for (const [, headers] of thieves) {
      const info = await call('GET', `/api/token/info?token_id=${token.token_id}`, { headers })
      expect(await answerOf(info)).toBe('404 token_not_found')
      const revoke = await call('POST', '/api/token/revoke', { headers, body: { token_id: token.token_id } })
      expect(await answerOf(revoke)).toBe('404 token_not_found')
      const list = await (await call('GET', '/api/token/list', { headers })).text()
      expect(list).not.toContain(token.token_id)
    }
    expect(await worksWith({ 'x-api-key': token.token ?? '' })).toBe(true)
  })

  it('a token says whose it is to its owner', async () => {
    const { call, token, owner } = await scene()
    const info = await call('GET', `/api/token/info?token_id=${token.token_id}`, { headers: owner })
    expect(await info.json()).toMatchObject({ token_info: { user_email: 'owner@example.com' } })
  })

  it('an API key of another account is not there to be seen, rotated or revoked', async () => {
    const { call, apiKey, thieves, worksWith } = await scene()
    for (const [, headers] of thieves) {
      const rotate = await call('POST', `/v1/user/keys/${apiKey.key_id}/rotate`, { headers, body: {} })
      expect(await answerOf(rotate)).toBe('404 key_not_found')
      const revoke = await call('DELETE', `/v1/user/keys/${apiKey.key_id}`, { headers })
      expect(await answerOf(revoke)).toBe('404 key_not_found')
      expect(await (await call('GET', '/v1/user/keys', { headers })).text()).not.toContain(apiKey.key_id)
    }
    expect(await worksWith({ 'x-api-key': apiKey.key ?? '' })).toBe(true)
  })

  it('a session of another account goes on when somebody signs out, or brings its handle for a cookie', async () => {
    const { call, context, owner, thieves, worksWith } = await scene()
    for (const [, headers] of thieves) await call('POST', '/oauth2/sign_out', { headers })
    const { sessions } = bindOperations(context)
    const [session] = must(await sessions.list({ account: 'owner@example.com', limit: 1 })).items
    const cookie = `__Host-portcullis_session=${session?.handle}`
    const answer = await call('GET', '/oauth2/userinfo', { headers: { cookie } })
    expect(await answerOf(answer)).toBe('401 session_invalid')
    expect(await worksWith(owner)).toBe(true)
  })

  it('a grant of another client is neither refreshed nor revoked nor told of', async () => {
    const fixture = await open()
    const { context, call } = fixture
    const { client, refreshToken, accessToken } = await startFamilyOf(context, USER)
    const other = { client_id: 'other' }
    const forms: [string, Headers, string][] = [
      [
        '/oauth2/token',
        { grant_type: 'refresh_token', refresh_token: refreshToken, ...other },
        '401 invalid_client',
      ],
      ['/oauth2/revoke', { token: refreshToken, ...other }, '401 invalid_client'],
      ['/oauth2/introspect', { token: refreshToken, ...other }, '401 invalid_client'],
      ['/oauth2/introspect', { token: refreshToken, client_id: client.id }, '401 invalid_client'],
    ]
    for (const [path, form, answer] of forms)
      expect(await answerOf(await call('POST', path, { form }))).toBe(answer)
    const headers = { authorization: `Bearer ${accessToken}` }
    expect((await call('GET', '/oauth2/userinfo', { headers })).status).toBe(200)
  })
})
