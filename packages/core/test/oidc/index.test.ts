import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { IdentityProvider, LoginChallenge } from '../../src/login/identity-provider.js'
import { oidcProvider } from '../../src/oidc/index.js'

const CHALLENGE: LoginChallenge = {
  state: 'the-state',
  nonce: 'the-nonce',
  codeVerifier: 'v'.repeat(43),
  redirectUri: 'https://gate.test/oauth2/callback',
}

/** What this provider answers; a test changes what it is about. */
interface Answers {
  claims: Record<string, unknown>
  userinfo: Record<string, unknown>
  userinfoStatus: number
  tokenStatus: number
  signWithOtherKey: boolean
}

let server: Server
let issuer: string
let answers: Answers
let provider: IdentityProvider
let verifiers: (string | null)[]

beforeEach(async () => {
  const [signing, other] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')])
  const jwk = { ...(await exportJWK(signing.publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }
  answers = { claims: {}, userinfo: {}, userinfoStatus: 200, tokenStatus: 200, signWithOtherKey: false }
  verifiers = []
  server = createServer(async (req, res) => {
    const json = (status: number, body: unknown) =>
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (req.url === '/.well-known/openid-configuration')
      return json(200, {
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        userinfo_endpoint: `${issuer}/me`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        authorization_response_iss_parameter_supported: true,
      })
    if (req.url === '/jwks') return json(200, { keys: [jwk] })
    if (req.url === '/me' && answers.userinfoStatus !== 200)
      return res
        .writeHead(answers.userinfoStatus, { 'www-authenticate': 'Bearer error="invalid_token"' })
        .end()
    if (req.url === '/me') return json(200, { sub: 'subject', ...answers.userinfo })
    let body = ''
    for await (const chunk of req) body += chunk
    verifiers.push(new URLSearchParams(body).get('code_verifier'))
    if (answers.tokenStatus !== 200) return json(answers.tokenStatus, { error: 'invalid_grant' })
    const idToken = await new SignJWT({ nonce: CHALLENGE.nonce, ...answers.claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k' })
      .setIssuer(String(answers.claims.iss ?? issuer))
      .setAudience(String(answers.claims.aud ?? 'client'))
      .setSubject('subject')
      .setIssuedAt()
      .setExpirationTime(answers.claims.exp === undefined ? '5m' : Number(answers.claims.exp))
      .sign(answers.signWithOtherKey ? other.privateKey : signing.privateKey)
    return json(200, { access_token: 'a', token_type: 'Bearer', id_token: idToken })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  provider = oidcProvider({ issuer, clientId: 'client', clientSecret: 'client secret', timeoutMs: 3000 })
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function callback(parameters: Record<string, string> = {}): URL {
  const query = new URLSearchParams({ code: 'c', state: CHALLENGE.state, iss: issuer, ...parameters })
  return new URL(`http://behind.a.proxy/oauth2/callback?${query}`)
}

const verified = { email: 'user@example.com', email_verified: true }

describe('the OIDC client', () => {
  it('asks for a code with PKCE S256, state and nonce', async () => {
    const url = await provider.begin(CHALLENGE)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'client',
      redirect_uri: CHALLENGE.redirectUri,
      state: CHALLENGE.state,
      nonce: CHALLENGE.nonce,
      code_challenge_method: 'S256',
      scope: 'openid email profile',
    })
    expect(url.href).not.toContain(CHALLENGE.codeVerifier)
  })

  it('proves itself with the verifier and reads who has logged in', async () => {
    answers.claims = { ...verified, name: 'A User', groups: ['staff', 7], sid: 's' }
    expect(await provider.complete(callback(), CHALLENGE)).toMatchObject({
      issuer,
      subject: 'subject',
      email: 'user@example.com',
      emailVerified: true,
      name: 'A User',
      groups: ['staff'],
      providerSessionId: 's',
    })
    expect(verifiers).toEqual([CHALLENGE.codeVerifier])
  })

  it('asks userinfo when the ID token names no e-mail, of the same subject only', async () => {
    answers.userinfo = { email: 'user@example.com', email_verified: 'true' }
    expect(await provider.complete(callback(), CHALLENGE)).toMatchObject({ emailVerified: true })
    answers.userinfo = { ...answers.userinfo, sub: 'someone-else' }
    await expect(provider.complete(callback(), CHALLENGE)).rejects.toMatchObject({ code: 'login_refused' })
  })

  it.each([[false], ['false'], [undefined], [1]])('takes email_verified %j for unverified', async (value) => {
    answers.claims = { email: 'user@example.com', email_verified: value }
    expect(await provider.complete(callback(), CHALLENGE)).toMatchObject({ emailVerified: false })
  })

  it('takes the address and what vouches for it from one source: a verified address of userinfo vouches for no other', async () => {
    answers.claims = { email: 'victim@example.com' }
    answers.userinfo = { email: 'mallory@example.com', email_verified: true }
    expect(await provider.complete(callback(), CHALLENGE)).toMatchObject({
      email: 'mallory@example.com',
      emailVerified: true,
    })
    answers.userinfo = { email_verified: true }
    expect(await provider.complete(callback(), CHALLENGE)).toMatchObject({
      email: 'victim@example.com',
      emailVerified: false,
    })
    answers.claims = { email_verified: true }
    answers.userinfo = { email: 'victim@example.com' }
    expect(await provider.complete(callback(), CHALLENGE)).not.toHaveProperty('email')
  })

  it('reads names and groups of userinfo beside the address of the ID token', async () => {
    answers.claims = { email: 'user@example.com', name: 'Of the ID token' }
    answers.userinfo = { ...verified, name: 'Of userinfo', groups: ['staff'] }
    expect(await provider.complete(callback(), CHALLENGE)).toMatchObject({
      name: 'Of the ID token',
      groups: ['staff'],
    })
  })

  describe('of a provider whose addresses the operator trusts by name', () => {
    const trusting = (emailClaim?: string) =>
      oidcProvider({
        issuer,
        clientId: 'client',
        emailVerification: 'insecure-trust-provider',
        ...(emailClaim === undefined ? {} : { emailClaim }),
      })

    it('takes an address without email_verified, as Entra sends it', async () => {
      answers.claims = { email: 'user@example.com' }
      expect(await trusting().complete(callback(), CHALLENGE)).toMatchObject({
        email: 'user@example.com',
        emailVerified: true,
      })
    })

    it.each([false, 'false', 0, null])(
      'still refuses what the provider calls unverified with %j',
      async (no) => {
        answers.claims = { email: 'user@example.com', email_verified: no }
        expect(await trusting().complete(callback(), CHALLENGE)).toMatchObject({ emailVerified: false })
      },
    )

    it.each<[string, Record<string, unknown>, Record<string, unknown>, string?]>([
      ['userinfo', { email: 'user@example.com' }, { email: 'User@example.com', email_verified: false }],
      [
        'userinfo, as text',
        { email: 'user@example.com' },
        { email: 'user@example.com', email_verified: 'false' },
      ],
      ['userinfo without naming it', { email: 'user@example.com' }, { email_verified: false }],
      [
        'userinfo by another claim',
        { upn: 'u@example.com' },
        { email: 'u@example.com', email_verified: false },
        'upn',
      ],
      ['the ID token', { email_verified: false }, { email: 'user@example.com' }],
    ])('refuses an address that is called unverified by %s', async (_, claims, userinfo, emailClaim) => {
      answers.claims = claims
      answers.userinfo = userinfo
      expect(await trusting(emailClaim).complete(callback(), CHALLENGE)).toMatchObject({
        emailVerified: false,
        addressProblem: { options: ['emailVerification'] },
      })
    })

    it.each<[string, Record<string, unknown>]>([
      ['says nothing of it', {}],
      ['calls it verified', { email_verified: true }],
      ['speaks of another address', { email: 'other@example.com', email_verified: false }],
    ])('takes the address of the ID token when userinfo %s', async (_, userinfo) => {
      answers.claims = { email: 'user@example.com' }
      answers.userinfo = userinfo
      expect(await trusting().complete(callback(), CHALLENGE)).toMatchObject({
        email: 'user@example.com',
        emailVerified: true,
      })
    })

    it('takes the address of the ID token when userinfo refuses the access token, and waits for one that is down', async () => {
      answers.claims = { email: 'user@example.com' }
      answers.userinfoStatus = 401
      expect(await trusting().complete(callback(), CHALLENGE)).toMatchObject({ emailVerified: true })
      answers.userinfoStatus = 503
      await expect(trusting().complete(callback(), CHALLENGE)).rejects.toMatchObject({
        code: 'provider_unavailable',
      })
    })

    it.each([false, 'false', undefined])('takes what it calls %j only by another name', async (said) => {
      answers.claims = { email: 'user@example.com', email_verified: said }
      const trusting = oidcProvider({
        issuer,
        clientId: 'client',
        emailVerification: 'insecure-trust-unverified',
      })
      expect(await trusting.complete(callback(), CHALLENGE)).toMatchObject({ emailVerified: true })
    })

    it.each(['upn', 'preferred_username'])(
      'takes the address from %s, and from nowhere else',
      async (claim) => {
        answers.claims = { [claim]: 'user@example.com', email: 'other@example.com' }
        expect(await trusting(claim).complete(callback(), CHALLENGE)).toMatchObject({
          email: 'user@example.com',
        })
        answers.claims = { email: 'other@example.com' }
        expect(await trusting(claim).complete(callback(), CHALLENGE)).not.toHaveProperty('email')
      },
    )
  })

  it.each([
    ['emailClaim', { emailClaim: 'upn' }],
    ['emailClaim', { emailClaim: '' }],
    ['groupsClaim', { groupsClaim: '' }],
    ['emailVerification', { emailVerification: 'none' as 'claim' }],
  ])('does not start with a wrong %s: %j', (name, options) => {
    expect(() => oidcProvider({ issuer, clientId: 'c', ...options })).toThrow(
      expect.objectContaining({ problems: [expect.stringContaining(name)] }),
    )
  })

  it.each([
    ['another nonce', { nonce: 'other' }],
    ['no nonce', { nonce: undefined }],
  ])('refuses an ID token with %s', async (_, claims) => {
    answers.claims = { ...verified, ...claims }
    await expect(provider.complete(callback(), CHALLENGE)).rejects.toMatchObject({ code: 'login_refused' })
  })

  it.each([
    ['another audience', { aud: 'other' }],
    ['another issuer', { iss: 'https://other.test' }],
    ['an expiry in the past', { exp: 1_000_000_000 }],
  ])('takes an ID token with %s for a fault of the configuration', async (_, claims) => {
    answers.claims = { ...verified, ...claims }
    await expect(provider.complete(callback(), CHALLENGE)).rejects.toMatchObject({
      code: 'provider_misconfigured',
    })
  })

  it('refuses an ID token that another key has signed', async () => {
    answers.claims = verified
    answers.signWithOtherKey = true
    await expect(provider.complete(callback(), CHALLENGE)).rejects.toMatchObject({
      code: 'provider_misconfigured',
    })
  })

  it.each([[{ state: 'other' }], [{ iss: 'https://other.test' }], [{ error: 'access_denied' }]])(
    'refuses a callback with %j (RFC 9207 §2.4)',
    async (parameters) => {
      answers.claims = verified
      await expect(provider.complete(callback(parameters), CHALLENGE)).rejects.toMatchObject({
        code: 'login_refused',
      })
      expect(verifiers).toEqual([])
    },
  )

  it('tells a refused code from a provider that is broken', async () => {
    answers.tokenStatus = 400
    await expect(provider.complete(callback(), CHALLENGE)).rejects.toMatchObject({ code: 'login_refused' })
    answers.tokenStatus = 503
    await expect(provider.complete(callback(), CHALLENGE)).rejects.toMatchObject({
      code: 'provider_unavailable',
    })
  })

  it('is unavailable while the provider is down, and well again without a restart', async () => {
    const { port } = server.address() as AddressInfo
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    await expect(provider.begin(CHALLENGE)).rejects.toMatchObject({ code: 'provider_unavailable' })
    await expect(provider.ready()).rejects.toMatchObject({ code: 'provider_unavailable' })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    await expect.poll(() => provider.ready().catch(() => false), { timeout: 5000 }).toBe(true)
    await provider.begin(CHALLENGE)
  })

  it.each(['http://idp.example.com', 'ftp://idp.example.com', 'nonsense'])(
    'does not start with issuer %s',
    (bad) => {
      expect(() => oidcProvider({ issuer: bad, clientId: 'c' })).toThrow(
        expect.objectContaining({ code: 'configuration_invalid' }),
      )
    },
  )
})
