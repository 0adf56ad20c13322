import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  exchangeAuthorization,
  extractWWWAuthenticateParams,
  refreshAuthorization,
  startAuthorization,
} from '@modelcontextprotocol/sdk/client/auth.js'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CookieJar, logIn, type RunningGateway, runGateway } from './gateway-fixture.js'

const BACKEND = { id: 'backend', secret: 'Qm4XvT8zNb2KcW6yRd9HsLf3JgPa7EuV' }
const CALLBACK = 'http://127.0.0.1:49152/callback'
const CLI = 'portcullis-cli'

let gateway: RunningGateway
let directory: string
let user: CookieJar

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'portcullis-oauth-'))
  const clients = path.join(directory, 'clients.json')
  await writeFile(clients, JSON.stringify([BACKEND]))
  const key = path.join(directory, 'key.pem')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  gateway = await runGateway({ OAUTH_CLIENTS_FILE: clients, JWT_KEY_FILE: key })
  user = await logIn(gateway, 'user@example.com')
})
afterAll(async () => {
  await gateway?.stop()
  await rm(directory, { recursive: true, force: true })
})

const status = async (token: string) =>
  (await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${token}` } })).status

/** What a person does on a page of the gate. */
function submit(at: string, fields: Record<string, string>): Promise<Response> {
  return user.fetch(`${gateway.url}${at}`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(fields),
  })
}

describe('openid-client', () => {
  it('logs in on another device, refreshes, introspects and revokes', async () => {
    const options: openid.DiscoveryRequestOptions = {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests],
    }
    const config = await openid.discovery(new URL(gateway.url), CLI, undefined, openid.None(), options)
    const device = await openid.initiateDeviceAuthorization(config, { scope: 'api' })
    expect((await submit('/device', { user_code: device.user_code, decision: 'approve' })).status).toBe(200)
    const first = await openid.pollDeviceAuthorizationGrant(config, { ...device, interval: 0 })
    expect(await status(first.access_token)).toBe(200)
    const person = await openid.fetchUserInfo(config, first.access_token, 'user@example.com')
    expect(person).toMatchObject({ sub: 'user@example.com', email: 'user@example.com' })
    const second = await openid.refreshTokenGrant(config, first.refresh_token ?? '')
    expect(await status(second.access_token)).toBe(200)

    const backend = await openid.discovery(
      new URL(gateway.url),
      BACKEND.id,
      undefined,
      openid.ClientSecretBasic(BACKEND.secret),
      options,
    )
    expect(await openid.tokenIntrospection(backend, second.access_token)).toMatchObject({
      active: true,
      sub: 'user@example.com',
    })
    await openid.tokenRevocation(config, second.refresh_token ?? '')
    expect(await openid.tokenIntrospection(backend, second.access_token)).toEqual({ active: false })
    expect(await status(second.access_token)).toBe(401)
    await expect(openid.refreshTokenGrant(config, second.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  }, 20_000)
})

describe('oauth4webapi', () => {
  const insecure = { [oauth.allowInsecureRequests]: true } as const

  it('gets a code for a person, and tokens for the code', async () => {
    const issuer = new URL(gateway.url)
    const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
    const server = await oauth.processDiscoveryResponse(issuer, found)
    const client: oauth.Client = { client_id: CLI }
    const verifier = oauth.generateRandomCodeVerifier()
    const wish = {
      response_type: 'code',
      client_id: CLI,
      redirect_uri: CALLBACK,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      scope: 'api',
      state: 'some state',
    }
    const answer = await submit('/oauth2/authorize', { ...wish, decision: 'approve' })
    const location = new URL(answer.headers.get('location') ?? '')
    const parameters = oauth.validateAuthResponse(server, client, location, 'some state')
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      parameters,
      CALLBACK,
      verifier,
      insecure,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response)
    expect(await status(tokens.access_token)).toBe(200)
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const call = new Request(`${gateway.url}/v1/models`, { headers })
    const claims = await oauth.validateJwtAccessToken(server, call, gateway.url, insecure)
    expect(claims).toMatchObject({ sub: 'user@example.com', client_id: CLI, scope: 'api' })

    const backend: oauth.Client = { client_id: BACKEND.id }
    const secret = oauth.ClientSecretPost(BACKEND.secret)
    const asked = await oauth.introspectionRequest(server, backend, secret, tokens.access_token, insecure)
    const described = await oauth.processIntrospectionResponse(server, backend, asked)
    expect(described).toMatchObject({ active: true, client_id: CLI })
    const revoked = await oauth.revocationRequest(server, client, oauth.None(), tokens.access_token, insecure)
    await oauth.processRevocationResponse(revoked)
    expect(await status(tokens.access_token)).toBe(401)
  })
})

describe('a resource server with oauth4webapi', () => {
  it('takes the tokens of the token page (RFC 9068 §4)', async () => {
    const issuer = new URL(gateway.url)
    const insecure = { [oauth.allowInsecureRequests]: true } as const
    const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
    const server = await oauth.processDiscoveryResponse(issuer, found)
    const issued = await user.fetch(`${gateway.url}/api/token/generate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: '{}',
    })
    const { token } = (await issued.json()) as { token: string }
    const headers = { authorization: `Bearer ${token}` }
    const call = new Request(`${gateway.url}/v1/models`, { headers })
    const claims = await oauth.validateJwtAccessToken(server, call, gateway.url, insecure)
    expect(claims).toMatchObject({ client_id: 'portcullis' })
  })
})

describe('an MCP client', () => {
  it('finds its way from a 401 to tokens, and refreshes them', async () => {
    const refused = await fetch(`${gateway.url}/v1/models`)
    const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(refused)
    expect(scope).toBe('api')
    if (!resourceMetadataUrl) throw new Error('no way to the metadata')
    const resource = await discoverOAuthProtectedResourceMetadata(gateway.url, { resourceMetadataUrl })
    expect(resource.scopes_supported).toEqual(['api'])
    const [authorizationServer = ''] = resource.authorization_servers ?? []
    const metadata = await discoverAuthorizationServerMetadata(authorizationServer)
    if (!metadata) throw new Error('no metadata')
    const clientInformation = { client_id: CLI }
    const started = await startAuthorization(authorizationServer, {
      metadata,
      clientInformation,
      redirectUrl: CALLBACK,
      scope: 'api',
      resource: new URL(resource.resource),
    })
    const page = await user.fetch(started.authorizationUrl.href)
    expect(await page.text()).toContain('Let Portcullis CLI in?')
    const wish = Object.fromEntries(started.authorizationUrl.searchParams)
    const answer = await submit('/oauth2/authorize', { ...wish, decision: 'approve' })
    const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const tokens = await exchangeAuthorization(authorizationServer, {
      metadata,
      clientInformation,
      authorizationCode: code,
      codeVerifier: started.codeVerifier,
      redirectUri: CALLBACK,
    })
    expect(await status(tokens.access_token)).toBe(200)
    const refreshed = await refreshAuthorization(authorizationServer, {
      metadata,
      clientInformation,
      refreshToken: tokens.refresh_token ?? '',
    })
    expect(await status(refreshed.access_token)).toBe(200)
  })
})

describe('jose', () => {
  it('verifies our tokens with the keys that we publish', async () => {
    const keys = createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`))
    const verifier = randomBytes(32).toString('base64url')
    const wish = {
      response_type: 'code',
      client_id: CLI,
      redirect_uri: CALLBACK,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }
    const answer = await submit('/oauth2/authorize', { ...wish, decision: 'approve' })
    const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const response = await fetch(`${gateway.url}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: CALLBACK,
        client_id: CLI,
      }),
    })
    const { access_token } = (await response.json()) as { access_token: string }
    const { payload, protectedHeader } = await jwtVerify(access_token, keys, {
      issuer: gateway.url,
      audience: gateway.url,
      typ: 'at+jwt',
    })
    expect([payload.sub, protectedHeader.alg]).toEqual(['user@example.com', 'ES256'])
  })
})
