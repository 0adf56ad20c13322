import { describe, expect, it } from 'vitest'
import { createApiKey } from '../../src/api-keys/create.js'
import { apiKeys } from '../../src/api-keys/plugin.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { Identity } from '../../src/authentication/identity.js'
import { externalTokens } from '../../src/external-tokens/plugin.js'
import { createGate } from '../../src/gate/create-gate.js'
import { masterKey } from '../../src/master-key/plugin.js'
import { issueToken } from '../../src/tokens/issue.js'
import { AUDIENCE, goodClaims, issuerServer, signed, testKey } from '../external-tokens/issuer-fixture.js'
import { apiKeysOf, gateFixture, must, PROGRAM } from '../gate/gate-fixture.js'
import { MASTER_KEY, sessionOf } from '../http/http-fixture.js'

const USER = 'user@example.com'

/** Everything in an identity that a handler could put something into. */
function containersIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return []
  return [value, ...Object.values(value).flatMap(containersIn)]
}

function vandalise(identity: Identity) {
  for (const container of containersIn(identity)) {
    expect(() => Object.assign(container, { role: 'super_admin', 0: 'admin' })).toThrow(TypeError)
    if (Array.isArray(container)) expect(() => container.push('admin')).toThrow(TypeError)
    expect(Object.isFrozen(container)).toBe(true)
  }
}

/** A gate with one credential of a kind, and the headers that present it. */
const KINDS: Record<string, () => Promise<{ who: () => Promise<Identity> }>> = {
  session: () => withHeaders(({ context }) => sessionOf(context, USER)),
  token: () =>
    withHeaders(async ({ context }) => ({
      'x-api-key': must(await issueToken(context, { by: PROGRAM, account: USER })).token,
    })),
  'API key': () =>
    withHeaders(async ({ context }) => ({
      'x-api-key': must(await createApiKey(apiKeysOf(context), { by: PROGRAM, account: USER })).key,
    })),
  'master key': () => withHeaders(async () => ({ 'x-api-key': MASTER_KEY })),
}

type Fixture = Awaited<ReturnType<typeof gateFixture>>

async function withHeaders(
  headersOf: (fixture: Fixture) => Promise<Record<string, string>>,
  overrides: Parameters<typeof gateFixture>[0] = {},
) {
  const fixture = await gateFixture({ plugins: [apiKeys(), masterKey({ key: MASTER_KEY })], ...overrides })
  const rawHeaders = Object.entries(await headersOf(fixture)).flat()
  const who = async () => must(await identify(fixture.context, { method: 'GET', target: '/', rawHeaders }))
  return { who }
}

describe('an identity', () => {
  it.each(Object.entries(KINDS))(
    'of a %s cannot be changed by a handler, nor for the next request',
    async (_, open) => {
      const { who } = await open()
      const first = await who()
      const before = structuredClone(first)
      vandalise(first)
      vandalise(await who())
      expect(await who()).toEqual(before)
    },
  )

  it('of a trusted issuer cannot be changed in its claims either, nor the payload that they come from', async () => {
    const key = await testKey('k')
    const server = await issuerServer()
    server.keys = [key.jwk]
    const claims = { nested: { list: ['a'] }, cyclic: {} as Record<string, unknown> }
    claims.cyclic.self = claims.cyclic
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) => ({ value: Object.freeze({ payload: value, ...claims }) }),
      },
    }
    const { who } = await withHeaders(
      async () => ({
        authorization: `Bearer ${await signed(key, { ...goodClaims(server.issuer), tags: ['x'] })}`,
      }),
      {
        plugins: [
          apiKeys(),
          externalTokens([{ issuer: server.issuer, audience: AUDIENCE, claimsSchema: schema }]),
        ],
      },
    )
    const identity = await who()
    const made = identity.claims as typeof claims & { payload: { tags: string[] } }
    expect(() => made.nested.list.push('b')).toThrow(TypeError)
    expect(() => made.payload.tags.push('y')).toThrow(TypeError)
    expect(() => Object.assign(identity.credential, { kind: 'session' })).toThrow(TypeError)
    expect(Object.isFrozen(made.cyclic)).toBe(true)
  })
})

it('a list of tokens gives no hold on the records that the next decision reads', async () => {
  const { options } = await gateFixture()
  const gate = await createGate(options)
  must(await gate.tokens.issue({ account: USER }))
  const scopesOf = async () =>
    must(await gate.tokens.list({ account: USER, limit: 1 })).items[0]?.scopes ?? []
  const first = (await scopesOf()) as string[]
  first.push('admin')
  expect(await scopesOf()).toEqual(['api'])
})
