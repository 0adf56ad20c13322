import { beforeEach, describe, expect, it } from 'vitest'
import { banAccount } from '../../src/accounts/ban.js'
import { actingAs } from '../gate/gate-fixture.js'
import { apiKeyOf, MASTER_KEY, tokenOf } from '../http/http-fixture.js'
import { type OAuthFixture, oauthFixture } from './oauth-fixture.js'

const USER = 'user@example.com'
const BACKEND = { client_id: 'backend', client_secret: 'Qm4XvT8zNb2KcW6yRd9HsLf3JgPa7EuV' }
let fixture: OAuthFixture

beforeEach(async () => {
  fixture = await oauthFixture({
    clients: [{ id: BACKEND.client_id, secret: BACKEND.client_secret }],
  })
})

const ask = (token: string, more: Record<string, string> = BACKEND, headers: Record<string, string> = {}) =>
  fixture.post('/oauth2/introspect', { token, ...more }, headers)

describe('introspection (RFC 7662)', () => {
  it('describes access tokens, API keys and refresh tokens that work now', async () => {
    const { access_token, refresh_token } = await fixture.logIn()
    expect((await ask(access_token)).body).toMatchObject({
      active: true,
      sub: USER,
      username: USER,
      scope: 'api',
      iss: 'https://gate.test',
      token_type: 'Bearer',
    })
    expect((await ask(refresh_token)).body).toMatchObject({
      active: true,
      sub: USER,
      client_id: 'portcullis-cli',
      token_type: 'refresh_token',
    })
    const key = (await apiKeyOf(fixture.context, USER, ['api']))['x-api-key'] ?? ''
    expect((await ask(key)).body).toMatchObject({ active: true, sub: USER })
  })

  it('names the client that a token was issued to, first, refreshed or again, and the gate where none was', async () => {
    const { access_token, refresh_token } = await fixture.logIn()
    const clientOf = async (token: unknown) => (await ask(String(token))).body.client_id
    expect(await clientOf(access_token)).toBe('portcullis-cli')
    expect(await clientOf((await fixture.refresh(refresh_token)).body.access_token)).toBe('portcullis-cli')
    expect(await clientOf((await fixture.refresh(refresh_token)).body.access_token)).toBe('portcullis-cli')
    const { authorization = '' } = await tokenOf(fixture.context, USER, ['api'])
    expect(await clientOf(authorization.slice('Bearer '.length))).toBe('portcullis')
    expect(await clientOf((await apiKeyOf(fixture.context, USER, ['api']))['x-api-key'])).toBe('portcullis')
  })

  it('says nothing of what does not work', async () => {
    const pair = await fixture.logIn()
    const spent = pair.refresh_token
    await fixture.refresh(spent)
    await banAccount(fixture.context, { account: USER, by: actingAs('root@example.com') })
    for (const token of [pair.access_token, spent, 'nonsense', MASTER_KEY])
      expect((await ask(token)).body).toEqual({ active: false })
  })

  it('takes a secret in Basic authentication form-encoded (RFC 6749 §2.3.1), and as curl -u sends it', async () => {
    const secret = 'Qm4+XvT8/zNb2Kc%W6yRd9Hs=Lf3JgPa7 EuV'
    fixture = await oauthFixture({ clients: [{ id: 'back+end', secret }] })
    const { access_token } = await fixture.logIn()
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
    const encoded = `${encodeURIComponent('back+end')}:${encodeURIComponent(secret).replaceAll('%20', '+')}`
    expect((await ask(access_token, {}, basic(encoded))).body.active).toBe(true)
    expect((await ask(access_token, {}, basic(`back+end:${secret}`))).body.active).toBe(true)
    expect((await ask(access_token, {}, basic(`back+end:${secret.slice(1)}`))).status).toBe(401)
    expect((await ask(access_token, { client_id: 'other' }, basic(encoded))).status).toBe(401)
  })

  it('answers confidential clients and administrators, nobody else', async () => {
    const { access_token } = await fixture.logIn()
    expect((await ask(access_token, {})).status).toBe(401)
    expect((await ask(access_token, { client_id: 'portcullis-cli' })).status).toBe(401)
    expect((await ask(access_token, { ...BACKEND, client_secret: 'wrong' })).status).toBe(401)
    expect((await ask(access_token, {}, { authorization: `Bearer ${access_token}` })).status).toBe(401)
    const admin = await tokenOf(fixture.context, 'admin@example.com', ['admin'])
    expect((await ask(access_token, {}, admin)).body.active).toBe(true)
    const plain = await tokenOf(fixture.context, 'admin@example.com', ['api'])
    expect((await ask(access_token, {}, plain)).status).toBe(401)
    expect((await ask(access_token, {}, { authorization: `Bearer ${MASTER_KEY}` })).body.active).toBe(true)
  })
})

describe('metadata', () => {
  it('names the endpoints that are there (RFC 8414) and who issues for this resource (RFC 9728)', async () => {
    const server = await fixture.call('GET', '/.well-known/oauth-authorization-server')
    const metadata = (await server.json()) as Record<string, unknown>
    expect(metadata).toMatchObject({
      issuer: 'https://gate.test',
      code_challenge_methods_supported: ['S256'],
    })
    for (const [name, url] of Object.entries(metadata)) {
      if (!name.endsWith('_endpoint') && !name.endsWith('_uri')) continue
      const { pathname } = new URL(String(url))
      for (const method of ['GET', 'POST']) {
        const { status } = await fixture.call(method, pathname, method === 'POST' ? { form: {} } : {})
        if (status !== 405) expect([name, status]).not.toEqual([name, 404])
      }
    }
    const resource = await fixture.call('GET', '/.well-known/oauth-protected-resource')
    expect(await resource.json()).toMatchObject({
      resource: 'https://gate.test',
      authorization_servers: ['https://gate.test'],
      // Clients ask for all of them.
      scopes_supported: ['api'],
    })
  })
})
