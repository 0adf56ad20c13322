import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, type GenerateKeyPairResult, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { oidcProvider } from '../../src/oidc/index.js'
import type { OidcProviderOptions } from '../../src/oidc/options.js'

const CHALLENGE = {
  state: 'the-state',
  nonce: 'the-nonce',
  codeVerifier: 'v'.repeat(43),
  redirectUri: 'https://gate.test/oauth2/callback',
}
const SECRET = 'the secret of the client'

let server: Server
let issuer: string
let metadata: Record<string, unknown>
let claims: Record<string, unknown>
let header: Record<string, unknown>
/** By path, what answers instead. */
let instead: Map<string, (res: ServerResponse) => void>

const json = (body: unknown, status = 200, headers = {}) => {
  return (res: ServerResponse) =>
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

let keys: GenerateKeyPairResult
beforeAll(async () => {
  keys = await generateKeyPair('RS256')
})

beforeEach(async () => {
  const { publicKey, privateKey } = keys
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }
  instead = new Map()
  claims = {}
  header = { kid: 'k' }
  server = createServer(async (req, res) => {
    const other = instead.get(req.url ?? '')
    if (other) return other(res)
    if (req.url === '/.well-known/openid-configuration') return json(metadata)(res)
    if (req.url === '/jwks') return json({ keys: [jwk] })(res)
    const now = Math.floor(Date.now() / 1000)
    const idToken = await new SignJWT({
      iss: issuer,
      aud: 'client',
      sub: 'subject-of-somebody',
      nonce: CHALLENGE.nonce,
      name: 'Somebody Private',
      iat: now,
      exp: now + 300,
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', ...header })
      .sign(privateKey)
    json({ access_token: 'a', token_type: 'Bearer', id_token: idToken })(res)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  metadata = {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    userinfo_endpoint: `${issuer}/me`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

async function failureOf(
  parameters: Record<string, string> = { code: 'c' },
  options: Partial<OidcProviderOptions> = {},
) {
  const provider = oidcProvider({ issuer, clientId: 'client', clientSecret: SECRET, ...options })
  const query = new URLSearchParams({ state: CHALLENGE.state, ...parameters })
  const error: unknown = await provider
    .complete(new URL(`https://gate.test/oauth2/callback?${query}`), CHALLENGE)
    .catch((cause: unknown) => cause)
  if (!(error instanceof Error)) throw new Error('it logged in')
  return error as Error & { code: string; options?: readonly string[] }
}

describe('a fault of the configuration', () => {
  it.each<[string, () => void, readonly string[], string]>([
    [
      'a wrong client secret, answered with a body (RFC 6749 §5.2)',
      () => instead.set('/token', json({ error: 'invalid_client', error_description: `No: ${SECRET}` }, 401)),
      ['clientSecret', 'clientId'],
      'the token endpoint answered invalid_client: No: [secret]',
    ],
    [
      'a wrong client secret, answered with a challenge',
      () => instead.set('/token', json({}, 401, { 'www-authenticate': 'Basic realm="idp"' })),
      ['clientSecret', 'clientId'],
      'refused the client with status 401',
    ],
    [
      'a scope that the client may not have',
      () => instead.set('/token', json({ error: 'invalid_scope' }, 400)),
      ['scopes'],
      'invalid_scope',
    ],
    [
      'a token endpoint that speaks no OAuth',
      () => instead.set('/token', (res) => res.writeHead(404).end('<html>')),
      ['issuer'],
      'the token endpoint answered with status 404',
    ],
    [
      'an answer without an ID token',
      () => instead.set('/token', json({ access_token: 'a', token_type: 'bearer' })),
      ['scopes', 'issuer'],
      'sent no ID token',
    ],
    ['an ID token of another issuer', () => (claims = { iss: 'https://other.test' }), ['issuer'], '"iss"'],
    ['an ID token for another client', () => (claims = { aud: 'other' }), ['clientId'], '"aud"'],
    [
      'a clock that is an hour ahead of the provider’s',
      () => (claims = { exp: Math.floor(Date.now() / 1000) - 3600 }),
      [],
      'the clock of this machine or the provider’s is wrong',
    ],
    [
      'a clock that is behind the provider’s',
      () => (claims = { nbf: Math.floor(Date.now() / 1000) + 3600 }),
      [],
      'begins to count in 3',
    ],
    [
      'a key that the provider does not publish',
      () => (header = { kid: 'unknown' }),
      ['issuer'],
      'alg "RS256", kid "unknown"',
    ],
    [
      'userinfo that refuses the access token',
      () => instead.set('/me', (res) => res.writeHead(403, { 'www-authenticate': 'Bearer' }).end()),
      ['scopes', 'emailClaim'],
      'the userinfo endpoint refused the access token with status 403',
    ],
    [
      'no provider at the issuer',
      () => instead.set('/.well-known/openid-configuration', (res) => res.writeHead(404).end()),
      ['issuer'],
      '/.well-known/openid-configuration answered with status 404',
    ],
    [
      'a page in place of metadata',
      () =>
        instead.set('/.well-known/openid-configuration', (res) =>
          res.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
        ),
      ['issuer'],
      'no OpenID Connect provider',
    ],
    [
      'metadata of another issuer',
      () => (metadata = { ...metadata, issuer: 'https://other.test/' }),
      ['issuer'],
      'calls itself "https://other.test/"',
    ],
    [
      'OAuth without OpenID Connect',
      () =>
        (metadata = { issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` }),
      ['issuer'],
      'names no jwks_uri',
    ],
  ])('is told from a refusal, with the option to look at: %s', async (_, arrange, options, reason) => {
    arrange()
    const failure = await failureOf()
    expect(failure).toMatchObject({ code: 'provider_misconfigured', options })
    expect(failure.message).toContain(reason)
    expect(failure.message).not.toMatch(/Somebody Private|subject-of-somebody|the secret of/)
    expect(failure.cause).toBeUndefined()
  })

  it.each(['unauthorized_client', 'invalid_scope', 'invalid_request'])(
    'is what the provider sends the browser back with: %s',
    async (error) => {
      const failure = await failureOf({ error, error_description: 'AADSTS90000:\r\nas\u202e it says' })
      expect(failure.code).toBe('provider_misconfigured')
      expect(failure.message).toContain(`${error}: AADSTS90000: as it says`)
    },
  )

  it.each<[string, Record<string, unknown>, string]>([
    [
      'without a subject',
      { sub: undefined },
      'the claim "sub" of the ID token is missing or of another type',
    ],
    [
      'with a number for a subject',
      { sub: 7 },
      'the claim "sub" of the ID token is missing or of another type',
    ],
    ['with an empty subject', { sub: '' }, 'the claim "sub" of the ID token is empty'],
    ['of an hour from now', { iat: Math.floor(Date.now() / 1000) + 3600 }, 'the clock of this machine'],
  ])('is an ID token %s', async (_, changed, reason) => {
    claims = { email: 'user@example.com', email_verified: true, ...changed }
    const failure = await failureOf()
    expect(failure.code).toBe('provider_misconfigured')
    expect(failure.message).toContain(reason)
  })

  it('is no clock that is half a minute ahead', async () => {
    claims = { email: 'user@example.com', email_verified: true, iat: Math.floor(Date.now() / 1000) + 25 }
    await expect(failureOf()).rejects.toThrow('it logged in')
  })

  it.each([
    ['authorization_endpoint', 'javascript:alert(1)'],
    ['authorization_endpoint', 'myapp://login'],
    ['authorization_endpoint', 'nonsense'],
    ['end_session_endpoint', 'javascript:alert(1)'],
  ])('is metadata with the %s %s, where no browser is sent', async (name, url) => {
    metadata = { ...metadata, [name]: url }
    const failure = await oidcProvider({ issuer, clientId: 'client' })
      .begin(CHALLENGE)
      .catch((cause: unknown) => cause)
    expect(failure).toMatchObject({ code: 'provider_misconfigured', options: ['issuer'] })
    expect(String(failure)).toContain(name)
  })

  it.each([
    ['as it is', SECRET],
    ['in a URL', encodeURIComponent(SECRET)],
    ['in a URL, in small letters', encodeURIComponent(SECRET).toLowerCase()],
    ['in a form', SECRET.replaceAll(' ', '+')],
    ['in Basic authentication', Buffer.from(`client:${SECRET}`).toString('base64')],
    ['where the text is cut', `${'x'.repeat(290)}${SECRET}`],
  ])('never shows the secret that the provider repeats %s', async (_, repeated) => {
    instead.set('/token', json({ error: 'invalid_client', error_description: `No: ${repeated}` }, 401))
    const { message } = await failureOf()
    const said = message.slice(message.indexOf('invalid_client'))
    expect(said).toMatch(/^invalid_client: No: x*\[secre(t\])?$/)
  })

  it.each([
    'login.microsoftonline.com/common',
    'login.microsoftonline.com/organizations',
    'login.microsoftonline.com/consumers',
    'login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad',
    'login.windows.net/common',
    'sts.windows.net/Common',
  ])('is an issuer at which every tenant logs in: %s', (place) => {
    const issuer = `https://${place}/v2.0`
    expect(() => oidcProvider({ issuer, clientId: 'c' })).toThrow(
      expect.objectContaining({
        problems: [expect.stringContaining('issuer: give the one of your tenant')],
      }),
    )
  })
})

describe('a refusal of this one login', () => {
  it.each<[string, Record<string, string>, () => void, string]>([
    ['the person said no', { error: 'access_denied' }, () => {}, 'access_denied'],
    [
      'the code is over',
      { code: 'c' },
      () => instead.set('/token', json({ error: 'invalid_grant' }, 400)),
      'invalid_grant',
    ],
    ['the nonce is another', { code: 'c' }, () => (claims = { nonce: 'x' }), 'the claim "nonce"'],
    ['the state is another', { code: 'c', state: 'x' }, () => {}, 'the state or the issuer'],
    [
      'userinfo is of somebody else',
      { code: 'c' },
      () => instead.set('/me', json({ sub: 'another' })),
      'the userinfo endpoint proves no login',
    ],
  ])('says why: %s', async (_, parameters, arrange, reason) => {
    arrange()
    const failure = await failureOf(parameters)
    expect(failure.code).toBe('login_refused')
    expect(failure.message).toContain(reason)
    expect(failure.cause).toBeUndefined()
  })
})

describe('a provider that does not answer', () => {
  it.each(['temporarily_unavailable', 'server_error'])(
    'is what the browser is sent back with: %s (RFC 6749 §4.1.2.1)',
    async (error) => {
      const failure = await failureOf({ error, error_description: 'Back soon' })
      expect(failure.code).toBe('provider_unavailable')
      expect(failure.message).toContain(`${error}: Back soon`)
    },
  )

  it.each([503, 429])('is told from a wrong configuration: status %d', async (status) => {
    instead.set('/token', (res) => res.writeHead(status).end())
    const failure = await failureOf()
    expect(failure).toMatchObject({ code: 'provider_unavailable', options: ['issuer'] })
    expect(failure.message).toContain(`did not answer: status ${status}`)
  })

  it('is named with what the network says, also in the second in which it is not asked again', async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    const provider = oidcProvider({ issuer, clientId: 'client' })
    for (let time = 0; time < 2; time++) {
      const failure: unknown = await provider.begin(CHALLENGE).catch((cause: unknown) => cause)
      expect(failure).toMatchObject({ code: 'provider_unavailable', options: ['issuer'] })
      expect((failure as Error).message).toBe(
        `The provider at ${issuer}/ (issuer) did not answer: ECONNREFUSED`,
      )
    }
  })
})
