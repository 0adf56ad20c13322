import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTrustedIssuers } from '../../src/external-tokens/issuers.js'
import { resolveTrustedIssuers } from '../../src/external-tokens/resolve.js'
import { verifyExternalToken } from '../../src/external-tokens/verify.js'
import { must } from '../gate/gate-fixture.js'
import { AUDIENCE, claimed } from './issuer-fixture.js'

/** Its types belong to the example that depends on it. */
const PROVIDER: string = 'oidc-provider/lib/provider.js'
const server = createServer()

/** Nothing is looked up again: clients are configured, and JWTs are not stored. */
class NoRecords {
  async upsert() {}
  async find() {}
}

let issuer: string

beforeAll(async () => {
  const { Provider } = await import(PROVIDER)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(issuer, {
    adapter: NoRecords,
    ttl: { ClientCredentials: 600 },
    clients: [
      {
        client_id: 'ci',
        client_secret: 'secret',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['a key for cookies'] },
    extraTokenClaims: () => ({ email: 'ci@example.com', role: 'team' }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        getResourceServerInfo: () => ({
          scope: 'api',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  })
  provider.silent = true
  server.on('request', provider.callback())
})

afterAll(() => {
  server.close()
  server.closeAllConnections()
})

it('an access token that oidc-provider issues for this audience is let in (RFC 9068)', async () => {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('ci:secret').toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'api', resource: AUDIENCE }),
  })
  const { access_token: compact } = (await answer.json()) as { access_token: string }
  const problems: string[] = []
  const resolved = resolveTrustedIssuers([{ issuer, audience: AUDIENCE }], problems)
  const trusted = createTrustedIssuers(resolved, { clock: Date.now, report: () => {} })
  expect(problems).toEqual([])
  expect(must(await verifyExternalToken(claimed(trusted, compact), compact))).toMatchObject({
    accountId: 'ci@example.com',
    role: 'team',
    scopes: ['api'],
  })
  trusted.close()
})
