import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { apiKeys } from '../../src/api-keys/plugin.js'
import { backChannelLogout } from '../../src/back-channel-logout/plugin.js'
import { oidcProvider } from '../../src/oidc/index.js'
import { startSession } from '../../src/sessions/start.js'
import { must } from '../gate/gate-fixture.js'
import { httpFixture } from '../http/http-fixture.js'
import { refusalWith } from '../scim/scim-fixture.js'

/** Its types belong to the example that depends on it. */
const PROVIDER: string = 'oidc-provider/lib/provider.js'

class NoRecords {
  async upsert() {}
  async find() {}
}

const servers: Server[] = []

async function listen(): Promise<{ server: Server; origin: string }> {
  const server = createServer()
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

let issuer: string
let gate: Awaited<ReturnType<typeof listen>>
let logOut: (subject: string, sessionId: string) => Promise<unknown>

beforeAll(async () => {
  const { Provider } = await import(PROVIDER)
  const idp = await listen()
  gate = await listen()
  issuer = idp.origin
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(issuer, {
    adapter: NoRecords,
    clients: [
      {
        client_id: 'client',
        client_secret: 'secret',
        redirect_uris: ['https://gate.test/oauth2/callback'],
        backchannel_logout_uri: `${gate.origin}/oauth2/backchannel-logout`,
        backchannel_logout_session_required: true,
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['a key for cookies'] },
    // It guards against servers on this machine, which the gate of this test is.
    fetch: (url: string, { dispatcher: _guard, ...init }: RequestInit & { dispatcher: unknown }) =>
      fetch(url, init),
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
  })
  provider.silent = true
  idp.server.on('request', provider.callback())
  const client = await provider.Client.find('client')
  logOut = (subject, sessionId) => client.backchannelLogout(subject, sessionId)
})

afterAll(() => {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
})

it('a logout token that oidc-provider sends ends the session', async () => {
  const identityProvider = oidcProvider({ issuer, clientId: 'client', clientSecret: 'secret' })
  const { context, call } = await httpFixture({
    identityProvider,
    plugins: [apiKeys(), backChannelLogout()],
    clock: Date.now,
  })
  const answers: number[] = []
  gate.server.on('request', async (req, res) => {
    const headers = Object.fromEntries(
      Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
    )
    const response = await call(req.method ?? '', req.url ?? '', { headers, body: await text(req) })
    answers.push(response.status)
    res.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text())
  })
  const facts = { email: 'user@example.com', groups: [], issuer, subject: 'someone', idToken: 't' }
  const cookies = await Promise.all(
    ['s1', 's2'].map(async (providerSessionId) => {
      const { cookieValue } = must(await startSession(context, { ...facts, providerSessionId }))
      return { cookie: `__Host-portcullis_session=${cookieValue}` }
    }),
  )
  await logOut('someone', 's1')
  expect(answers).toEqual([200])
  expect(await Promise.all(cookies.map((cookie) => refusalWith(context, cookie)))).toEqual([
    'session_invalid',
    undefined,
  ])
})
