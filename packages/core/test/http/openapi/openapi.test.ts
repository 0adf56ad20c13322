import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it, onTestFinished } from 'vitest'
import { banAccount } from '../../../src/accounts/ban.js'
import { createApiKey } from '../../../src/api-keys/create.js'
import type { GateContext } from '../../../src/context/context.js'
import { createGate } from '../../../src/gate/create-gate.js'
import { openApiDocument } from '../../../src/http/openapi/openapi.js'
import { listener } from '../../../src/http/server/node.js'
import { createUser } from '../../../src/scim/create.js'
import { memoryStore } from '../../../src/store/memory.js'
import { issueToken } from '../../../src/tokens/issue.js'
import { apiKeysOf, gateFixture, must, PROGRAM, scimOf } from '../../gate/gate-fixture.js'
import { SCIM_SECRET, shippedPlugins } from '../../gate/shipped-plugins.js'
import { CLI, CLI_CLIENT, startFamilyOf } from '../../oauth/oauth-fixture.js'
import { ROUTES } from '../every-route.js'
import { apiKeyOf, sessionOf, tokenOf } from '../http-fixture.js'
import { clientOf, type Input, type OpenApiDocument, type Wallet } from './openapi-client.js'

const CLIENT_SECRET = 'c7Lm2Qx9Tz4Rk8Vn1Hs6Wd3Jf5Yp0BgA'
const WEB_CLIENT = { id: 'web', secret: CLIENT_SECRET, redirectUris: ['https://app.test/callback'] }
const SCOPES = ['api', 'tokens:write', 'admin']
const OWNER = 'root@example.com'
const OTHER = 'other@example.com'

const document = openApiDocument(ROUTES, {
  publicUrl: 'https://gate.test',
  secure: true,
  requiredScope: 'api',
}) as unknown as OpenApiDocument

/** A gate with every feature on at a port of its own, and a credential for every scheme of its document. */
async function running() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = {
    issuer: 'https://idp.test',
    begin: async () => new URL('https://idp.test/auth'),
    complete: () => Promise.reject(new Error('not asked')),
    logoutUrl: async () => undefined,
    ready: async () => true,
  }
  const { context, options } = await gateFixture({
    publicUrl,
    identityProvider: provider,
    plugins: shippedPlugins({ clients: [WEB_CLIENT] }),
    store: memoryStore(),
    clock: Date.now,
  })
  const gate = await createGate(options)
  server.on(
    'request',
    listener(gate, (_req, res) => res.writeHead(501).end()),
  )
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await gate.close()
    await context.store.close()
  })
  const { cookie = '' } = await sessionOf(context, OWNER)
  const { authorization = '' } = await tokenOf(context, OWNER, SCOPES)
  const wallet: Wallet = {
    session: cookie.slice(cookie.indexOf('=') + 1),
    token: authorization.slice('Bearer '.length),
    apiKey: (await apiKeyOf(context, OWNER, SCOPES))['x-api-key'] ?? '',
    client: `web:${CLIENT_SECRET}`,
    scim: SCIM_SECRET,
  }
  served ??= (await (await fetch(`${publicUrl}/openapi.json`)).text()).replaceAll(publicUrl, PUBLIC_URL)
  const described = JSON.parse(served.replaceAll(PUBLIC_URL, publicUrl)) as OpenApiDocument
  return { deps: context, client: clientOf(described), wallet }
}

const PUBLIC_URL = 'https://gate.test'
/** As the first gate served it: making it takes longer than all calls of a test, and the others differ by their URL. */
let served: string | undefined

interface Example {
  readonly input?: (context: GateContext, scheme: string | undefined) => Input | Promise<Input>
  /** What the call gets where it cannot have success without more than a client. */
  readonly status?: number
}

const at = (parameters: Record<string, string>): Example => ({ input: () => ({ parameters }) })
const sent = (body: Record<string, unknown>): Example => ({ input: () => ({ body }) })

async function tokenId(context: GateContext, account = OWNER): Promise<string> {
  return must(await issueToken(context, { by: PROGRAM, account, scopes: ['api'] })).info.id
}

async function keyId(context: GateContext): Promise<string> {
  return must(await createApiKey(apiKeysOf(context), { by: PROGRAM, account: OWNER, scopes: ['api'] })).info
    .id
}

const newUser = { userName: 'someone@example.com', active: true, emails: [] }

async function userId(context: GateContext): Promise<string> {
  const created = await createUser(scimOf(context), newUser)
  if (!created.ok) throw new Error('no user')
  return created.value.id
}

/** A client that proves itself by no scheme says who it is in the form. */
const nameless = (scheme: string | undefined) => (scheme === undefined ? { client_id: CLI } : {})

const APPROVAL = {
  response_type: 'code',
  client_id: 'web',
  redirect_uri: 'https://app.test/callback',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
}

/** Valid input of every operation that takes any. */
const EXAMPLES: Record<string, Example> = {
  getOauth2Callback: { status: 403 },
  postOauth2BackchannelLogout: { ...sent({ logout_token: 'unknown' }), status: 400 },
  postApiTokenGenerate: sent({ token_name: 'x', expires_in: 3600, scopes: ['api'] }),
  getApiTokenInfo: { input: async (context) => ({ parameters: { token_id: await tokenId(context) } }) },
  postApiTokenRevoke: { input: async (context) => ({ body: { token_id: await tokenId(context) } }) },
  postApiTokenRenew: { status: 409 },
  postV1UserKeys: sent({ key_name: 'x', expires_in: 3600, scopes: ['api'] }),
  postV1UserKeysKey_idRotate: {
    input: async (context) => ({
      parameters: { key_id: await keyId(context) },
      body: { overlap_seconds: 60 },
    }),
  },
  deleteV1UserKeysKey_id: { input: async (context) => ({ parameters: { key_id: await keyId(context) } }) },
  postOauth2Token: {
    input: async (context, scheme) => {
      const { refreshToken } = await startFamilyOf(
        context,
        OWNER,
        scheme === 'client' ? WEB_CLIENT : CLI_CLIENT,
      )
      return { body: { grant_type: 'refresh_token', refresh_token: refreshToken, ...nameless(scheme) } }
    },
  },
  postOauth2Device_authorization: { input: (_, scheme) => ({ body: nameless(scheme) }) },
  postOauth2Revoke: { input: (_, scheme) => ({ body: { token: 'unknown', ...nameless(scheme) } }) },
  postOauth2Introspect: {
    input: async (context, scheme) => {
      const { authorization = '' } = await tokenOf(context, OWNER, ['api'])
      const inForm = scheme === undefined ? { client_id: 'web', client_secret: CLIENT_SECRET } : {}
      return { body: { token: authorization.slice('Bearer '.length), ...inForm } }
    },
  },
  getOauth2Authorize: at(APPROVAL),
  postOauth2Authorize: sent({ ...APPROVAL, decision: 'approve' }),
  postDevice: { ...sent({ user_code: 'BCDFGHJK', decision: 'deny' }), status: 404 },
  getApiAdminTokensEmail: at({ email: OWNER }),
  deleteApiAdminTokensToken_id: {
    input: async (context) => ({ parameters: { token_id: await tokenId(context, OTHER) } }),
  },
  postApiAdminTokensRevokeUser: sent({ user_email: OTHER }),
  postApiAdminSessionsRevokeUser: sent({ user_email: OTHER, duration_seconds: 60 }),
  postApiAdminSessionsForceLogout: sent({ user_email: OTHER }),
  deleteApiAdminSessionsUnbanEmail: {
    input: async (context) => {
      must(await banAccount(context, { account: OTHER, by: PROGRAM }))
      return { parameters: { email: OTHER } }
    },
  },
  postScimV2Users: sent(newUser),
  getScimV2Users: {
    input: async (context) => {
      await userId(context)
      return {}
    },
  },
  getScimV2UsersId: { input: async (context) => ({ parameters: { id: await userId(context) } }) },
  putScimV2UsersId: {
    input: async (context) => ({ parameters: { id: await userId(context) }, body: newUser }),
  },
  patchScimV2UsersId: {
    input: async (context) => ({
      parameters: { id: await userId(context) },
      body: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'active', value: false }],
      },
    }),
  },
  deleteScimV2UsersId: { input: async (context) => ({ parameters: { id: await userId(context) } }) },
  getScimV2ResourceTypesId: at({ id: 'User' }),
  getScimV2SchemasId: at({ id: 'urn:ietf:params:scim:schemas:core:2.0:User' }),
  getWellKnownPortcullisProblemsCode: at({ code: 'token_revoked' }),
}

const { operations } = clientOf(document)

describe('a client made from /openapi.json', () => {
  it.each(['postApiTokenGenerate', 'postV1UserKeys'])('finds Idempotency-Key at %s', async (operationId) => {
    const { deps, client, wallet } = await running()
    const parameters = { 'Idempotency-Key': 'one' }
    const { token = '' } = wallet
    const made = () => deps.store.count(deps.partitionOf(OWNER), 'idempotency')
    for (const [body, status] of [
      [{ expires_in: 3600 }, 201],
      [{ expires_in: 3600 }, 201],
      [{ expires_in: 3601 }, 422],
    ] as const)
      expect(await client.call(operationId, { parameters, body }, { token })).toEqual({
        status,
        surprises: [],
      })
    expect(await made()).toBe(1)
  })

  it('finds a valid OpenAPI document in which every route is one operation', async () => {
    const { valid, errors } = await new Validator().validate({ ...document })
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(ROUTES.length)
  })

  it('knows the cookie of a gate behind TLS', () => {
    expect(document.components.securitySchemes.session).toMatchObject({ name: '__Host-portcullis_session' })
  })

  it('names the headers by which a proxy learns who somebody is', () => {
    const responses = document.paths['/oauth2/auth']?.get?.responses as Record<string, { headers?: object }>
    expect(Object.keys(responses[202]?.headers ?? {})).toEqual([
      'X-Auth-Request-User',
      'X-Auth-Request-Email',
      'X-Auth-Request-Groups',
    ])
  })

  it('has an example of no operation that is not there', () => {
    const known = operations.map(({ operationId }) => operationId)
    expect(Object.keys(EXAMPLES).filter((name) => !known.includes(name))).toEqual([])
  })

  for (const { operationId, security, responses } of operations) {
    const { input, status } = EXAMPLES[operationId] ?? {}
    const statuses = Object.keys(responses).map(Number)
    const successes = status === undefined ? statuses.filter((known) => known < 400) : [status]

    for (const requirement of security.length > 0 ? security : [{}]) {
      const names = Object.keys(requirement)
      it(`calls ${operationId} with ${names.join() || 'nothing'}, and gets what is described`, async () => {
        const { deps, client, wallet } = await running()
        const given = (await input?.(deps, names[0])) ?? {}
        const presented = Object.fromEntries(names.map((name) => [name, wallet[name] ?? '']))
        const answer = await client.call(operationId, given, presented)
        expect(answer.surprises).toEqual([])
        expect(successes).toContain(answer.status)
      })
    }

    it(`is refused by ${operationId} as described, without a credential and without input`, async () => {
      const { client, wallet } = await running()
      const nobody = await client.call(operationId, {}, {})
      expect(nobody.surprises).toEqual([])
      if (security.length > 0) expect(nobody.status).toBeGreaterThanOrEqual(400)
      const [requirement = {}] = security
      const presented = Object.fromEntries(Object.keys(requirement).map((name) => [name, wallet[name] ?? '']))
      expect((await client.call(operationId, {}, presented)).surprises).toEqual([])
    })
  }
})
