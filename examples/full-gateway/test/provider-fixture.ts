import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** How one maker's provider answers. What is not said here it does as the standards ask. */
export interface Manner {
  /** Path of the issuer. */
  readonly path: string
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Of the ID token. */
  claims: Readonly<Record<string, unknown>>
  readonly userinfo?: Readonly<Record<string, unknown>>
  /** What a client with a wrong secret is answered. */
  readonly wrongSecret?: {
    body: Readonly<Record<string, unknown>>
    headers?: Readonly<Record<string, string>>
  }
  /** Speaks OAuth 2.0 without OpenID Connect. */
  readonly isOAuthAlone?: boolean
}

export interface TestProvider {
  readonly origin: string
  close(): Promise<void>
}

interface Grant {
  readonly nonce: string | null
  readonly challenge: string | null
  readonly redirectUri: string | null
}

/** A provider over HTTP at which somebody is always logged in already. */
export async function startProvider(
  manner: Manner,
  client: { readonly id: string; readonly secret: string },
): Promise<TestProvider> {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  // Entra ID names no alg in its keys.
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'key', use: 'sig' }]
  const grants = new Map<string, Grant>()
  const server = createServer(async (req, res) => {
    const url = new URL(req.url ?? '', origin)
    const route = manner.isOAuthAlone ? undefined : routes[url.pathname.slice(manner.path.length)]
    if (!url.pathname.startsWith(manner.path) || !route) res.writeHead(404).end('Not Found')
    else await route(req, res, url)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = origin + manner.path
  const json = (res: ServerResponse, status: number, body: unknown, headers = {}) =>
    void res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

  const routes: Record<string, (req: IncomingMessage, res: ServerResponse, url: URL) => unknown> = {
    '/.well-known/openid-configuration': (_, res) =>
      json(res, 200, {
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        userinfo_endpoint: `${issuer}/userinfo`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        ...manner.metadata,
      }),
    '/keys': (_, res) => json(res, 200, { keys }),
    '/userinfo': (_, res) => json(res, 200, { sub: manner.claims.sub, ...manner.userinfo }),
    '/auth': (_, res, { searchParams: asked }) => {
      const code = `code-${grants.size}`
      grants.set(code, {
        nonce: asked.get('nonce'),
        challenge: asked.get('code_challenge'),
        redirectUri: asked.get('redirect_uri'),
      })
      const query = new URLSearchParams({ code, state: asked.get('state') ?? '' })
      res.writeHead(302, { location: `${asked.get('redirect_uri')}?${query}` }).end()
    },
    '/token': async (req, res) => {
      const form = new URLSearchParams(await text(req))
      if (secretIn(req, form) !== client.secret) {
        const { body, headers } = manner.wrongSecret ?? { body: { error: 'invalid_client' } }
        return json(res, 401, body, headers)
      }
      const grant = grants.get(form.get('code') ?? '')
      const verifier = createHash('sha256').update(form.get('code_verifier') ?? '')
      const isRight =
        grant?.redirectUri === form.get('redirect_uri') && grant?.challenge === verifier.digest('base64url')
      if (!grant || !isRight) return json(res, 400, { error: 'invalid_grant' })
      const idToken = await new SignJWT({ nonce: grant.nonce, ...manner.claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'key', typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(client.id)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey)
      json(res, 200, { access_token: 'access', token_type: 'Bearer', expires_in: 300, id_token: idToken })
    },
  }
  return {
    origin,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function secretIn(req: IncomingMessage, form: URLSearchParams): string | null {
  const [, basic] = /^Basic (.+)$/.exec(req.headers.authorization ?? '') ?? []
  if (basic === undefined) return form.get('client_secret')
  const [, secret = ''] = Buffer.from(basic, 'base64').toString().split(':')
  return decodeURIComponent(secret)
}
