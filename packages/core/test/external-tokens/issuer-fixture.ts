import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { onTestFinished } from 'vitest'
import type { GateEvent } from '../../src/context/event.js'
import type { TrustedIssuer } from '../../src/external-tokens/issuer.js'
import { createTrustedIssuers, type TrustedIssuers } from '../../src/external-tokens/issuers.js'
import type { TrustedIssuerOptions } from '../../src/external-tokens/options.js'
import { resolveTrustedIssuers } from '../../src/external-tokens/resolve.js'
import { verifyExternalToken } from '../../src/external-tokens/verify.js'
import { TestClock } from '../gate/gate-fixture.js'

export const AUDIENCE = 'https://gate.test'
export const KEYS_PATH = '/keys'
export const METADATA_PATH = '/.well-known/openid-configuration'
export const unavailable = { name: 'PortcullisError', code: 'provider_unavailable' }

export interface TestKey {
  readonly alg: string
  readonly kid: string | undefined
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

export async function testKey(kid: string | undefined, alg = 'ES256'): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg)
  const members = await exportJWK(publicKey)
  return { alg, kid, privateKey, jwk: { ...members, alg, use: 'sig', ...(kid === undefined ? {} : { kid }) } }
}

/** An issuer that serves its metadata and keys over HTTP; a test changes what it answers. */
export interface IssuerServer {
  readonly issuer: string
  /** Path of each request, in order. */
  readonly requests: string[]
  readonly sockets: ReadonlySet<Socket>
  keys: unknown[]
  metadata: Record<string, unknown>
  /** By path, what answers instead. */
  readonly instead: Map<string, (res: ServerResponse) => void>
  /** Stops listening and breaks every connection. */
  kill(): Promise<void>
}

export function json(res: ServerResponse, body: unknown, status = 200): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

export async function issuerServer(path = ''): Promise<IssuerServer> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const instead: IssuerServer['instead'] = new Map()
  const server = createServer((req, res) => {
    const url = req.url ?? ''
    requests.push(url)
    const other = instead.get(url)
    if (other) other(res)
    else if (url === `${path}${METADATA_PATH}`) json(res, issuer.metadata)
    else if (url === KEYS_PATH) json(res, { keys: issuer.keys })
    else res.writeHead(404).end()
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer: IssuerServer = {
    issuer: `${origin}${path}`,
    requests,
    sockets,
    keys: [],
    metadata: { issuer: `${origin}${path}`, jwks_uri: `${origin}${KEYS_PATH}` },
    instead,
    async kill() {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  onTestFinished(() => issuer.kill())
  return issuer
}

export interface Trust {
  readonly trusted: TrustedIssuers
  readonly clock: TestClock
  readonly events: GateEvent[]
  readonly verify: (compact: string) => ReturnType<typeof verifyExternalToken>
}

/** Trusts these issuers, each found by the `iss` of the token, as a gate does. */
export function trust(options: readonly TrustedIssuerOptions[], fetch?: typeof globalThis.fetch): Trust {
  const problems: string[] = []
  const resolved = resolveTrustedIssuers(options, problems)
  if (problems.length > 0) throw new Error(problems.join('; '))
  const clock = new TestClock()
  const events: GateEvent[] = []
  const report = (event: GateEvent) => events.push(event)
  const trusted = createTrustedIssuers(resolved, { clock: clock.read, report, ...(fetch ? { fetch } : {}) })
  onTestFinished(() => trusted.close())
  return {
    trusted,
    clock,
    events,
    verify: (compact) => verifyExternalToken(claimed(trusted, compact), compact),
  }
}

export function claimed(trusted: TrustedIssuers, compact: string): TrustedIssuer {
  const issuer = trusted.claimedBy(compact)
  if (!issuer) throw new Error('The token is of no issuer that is trusted')
  return issuer
}

export const SECONDS = Date.UTC(2026, 0, 1) / 1000

/** The claims of a good token as of the start of the test's clock. */
export function goodClaims(issuer: string): Record<string, unknown> {
  return {
    iss: issuer,
    aud: AUDIENCE,
    sub: 'u-1',
    email: 'ann@example.com',
    jti: 'id',
    iat: SECONDS,
    exp: SECONDS + 600,
  }
}

export async function signed(
  key: TestKey,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> {
  const { alg, kid } = key
  return new SignJWT(claims)
    .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }), ...header })
    .sign(key.privateKey)
}

export interface Issuer extends Trust {
  readonly server: IssuerServer
  readonly key: TestKey
  /** A good token but for these claims and header members. */
  readonly token: (claims?: Record<string, unknown>, header?: Record<string, unknown>) => Promise<string>
}

/** One trusted issuer with one ES256 key. */
export async function trustedIssuer(options: Partial<TrustedIssuerOptions> = {}): Promise<Issuer> {
  const server = await issuerServer()
  const key = await testKey('first')
  server.keys = [key.jwk]
  const trusting = trust([{ issuer: server.issuer, audience: AUDIENCE, ...options }])
  return {
    ...trusting,
    server,
    key,
    token: (claims, header) => signed(key, { ...goodClaims(server.issuer), ...claims }, header),
  }
}

export function fetchesOfKeys(server: IssuerServer): number {
  return server.requests.filter((path) => path === KEYS_PATH).length
}
