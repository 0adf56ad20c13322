import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { IdentityProvider } from '../../src/login/identity-provider.js'
import { oidcProvider } from '../../src/oidc/index.js'

export const CLIENT = 'client'
export const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** What a test changes about a token. */
export interface TokenToSign {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly key?: CryptoKey | Uint8Array
}

/** A provider on loopback that publishes its keys; its tokens are signed by the test. */
export interface ProviderFixture {
  readonly issuer: string
  readonly provider: IdentityProvider
  /** The keys that it publishes. */
  readonly keys: JWK[]
  /** How often they were asked for. */
  readonly fetches: () => number
  /** A logout token for `subject` of `now`, unless the test says otherwise. */
  sign(now: number, token?: TokenToSign): Promise<string>
  rotate(): Promise<void>
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startProvider(): Promise<ProviderFixture> {
  let fetches = 0
  let kid = 'k1'
  let { privateKey, publicKey } = await generateKeyPair('RS256')
  const keys: JWK[] = [{ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }]
  const server = createServer((req, res) => {
    const answer = (body: unknown) =>
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (req.url !== '/jwks')
      return answer({
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      })
    fetches += 1
    return answer({ keys })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  return {
    issuer,
    provider: oidcProvider({ issuer, clientId: CLIENT, clientSecret: 'client secret', timeoutMs: 3000 }),
    keys,
    fetches: () => fetches,
    async sign(now, { claims = {}, header = {}, key = privateKey } = {}) {
      const iat = Math.floor(now / 1000)
      const payload = { iss: issuer, aud: CLIENT, iat, exp: iat + 120, jti: crypto.randomUUID() }
      return new SignJWT({ ...payload, sub: 'subject', events: { [EVENT]: {} }, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid, typ: 'logout+jwt', ...header })
        .sign(key)
    },
    async rotate() {
      kid = 'k2'
      ;({ privateKey, publicKey } = await generateKeyPair('RS256'))
      keys.splice(0, 1, { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' })
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
    async start() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
  }
}
