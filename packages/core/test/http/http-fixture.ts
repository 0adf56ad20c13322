import { createApiKey } from '../../src/api-keys/create.js'
import { apiKeys } from '../../src/api-keys/plugin.js'
import type { GateContext } from '../../src/context/context.js'
import { loadRoutes } from '../../src/http/load-routes.js'
import type { Peer } from '../../src/http/router.js'
import type { RouteTable } from '../../src/http/table.js'
import type { IdentityProvider } from '../../src/login/identity-provider.js'
import { masterKey } from '../../src/master-key/plugin.js'
import { cookieNames } from '../../src/sessions/cookie.js'
import { startSession } from '../../src/sessions/start.js'
import { issueToken } from '../../src/tokens/issue.js'
import { apiKeysOf, type GateFixture, gateFixture, must, PROGRAM } from '../gate/gate-fixture.js'

const ORIGIN = 'https://gate.test'

const provider: IdentityProvider = {
  issuer: 'https://idp.test',
  begin: async ({ state }) => new URL(`https://idp.test/auth?state=${encodeURIComponent(state)}`),
  complete: () => Promise.reject(new Error('not asked')),
  logoutUrl: async () => undefined,
  ready: async () => true,
}

export interface HttpFixture extends GateFixture {
  readonly table: RouteTable
  call(
    method: string,
    path: string,
    init?: {
      headers?: Record<string, string>
      /** Sent as JSON. */
      body?: unknown
      /** Sent as a form. */
      form?: Readonly<Record<string, string>>
    },
    peer?: Peer,
  ): Promise<Response>
}

export async function httpFixture(overrides: Parameters<typeof gateFixture>[0] = {}): Promise<HttpFixture> {
  const fixture = await gateFixture({
    identityProvider: provider,
    plugins: [apiKeys(), masterKey({ key: MASTER_KEY })],
    ...overrides,
  })
  // What every start says of this fixture's master key is not what its tests are about.
  fixture.events.splice(0, Infinity, ...fixture.events.filter(({ code }) => code !== 'operator_credential'))
  const routes = await loadRoutes(fixture.context, fixture.plugins.running)
  return {
    ...fixture,
    table: routes.table,
    call(method, path, { headers = {}, body, form } = {}, peer = {}) {
      if (form) {
        const init = { method, headers, body: new URLSearchParams(form) }
        return routes.handle(new Request(ORIGIN + path, init), peer)
      }
      const json = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
      const contentType: Record<string, string> =
        body === undefined ? {} : { 'content-type': 'application/json' }
      return routes.handle(
        new Request(ORIGIN + path, { method, headers: { ...contentType, ...headers }, ...json }),
        peer,
      )
    },
  }
}

export const MASTER_KEY = 'Vb7KqLx2Nd9RtYw4Hs6PzMj8Gc3FaEu5'

/** Headers of a page of ours in a logged-in browser. */
export async function sessionOf(
  context: GateContext,
  email: string,
  groups: readonly string[] = ['staff'],
): Promise<Record<string, string>> {
  const facts = { email, groups, issuer: 'https://idp.test', subject: email, idToken: 't' }
  const { cookieValue } = must(await startSession(context, facts))
  return {
    cookie: `${cookieNames(context.options.secure).session}=${cookieValue}`,
    'sec-fetch-site': 'same-origin',
  }
}

export async function tokenOf(
  context: GateContext,
  account: string,
  scopes: string[],
): Promise<Record<string, string>> {
  const { token } = must(await issueToken(context, { by: PROGRAM, account, scopes }))
  return { authorization: `Bearer ${token}` }
}

export async function apiKeyOf(
  context: GateContext,
  account: string,
  scopes: string[],
): Promise<Record<string, string>> {
  const { key } = must(await createApiKey(apiKeysOf(context), { by: PROGRAM, account, scopes }))
  return { 'x-api-key': key }
}
