import { apiKeys } from '../../src/api-keys/plugin.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { Identity } from '../../src/authentication/identity.js'
import { backChannelLogout } from '../../src/back-channel-logout/plugin.js'
import type { GateContext } from '../../src/context/context.js'
import { decideDevice } from '../../src/device/decide.js'
import { device } from '../../src/device/plugin.js'
import { masterKey } from '../../src/master-key/plugin.js'
import { approvalBy } from '../../src/oauth/approval.js'
import { type OAuthClient, resolveClients } from '../../src/oauth/clients.js'
import { oauth } from '../../src/oauth/plugin.js'
import { spentCodes } from '../../src/oauth/redeem-approval.js'
import { startFamily } from '../../src/oauth/start-family.js'
import { deviceOf, must, PROGRAM } from '../gate/gate-fixture.js'
import { type HttpFixture, httpFixture, MASTER_KEY, sessionOf } from '../http/http-fixture.js'

export const [CLI_CLIENT = { id: '' }] = resolveClients()
export const CLI = CLI_CLIENT.id
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

export interface Pair {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
  readonly scope: string
}

export interface OAuthAnswer {
  readonly status: number
  readonly body: Partial<Pair> & { readonly error?: string } & Readonly<Record<string, unknown>>
}

export interface OAuthFixture extends HttpFixture {
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<OAuthAnswer>
  /** A pair for an account, by the device flow. */
  logIn(account?: string, scope?: string): Promise<Pair>
  refresh(refreshToken: string, more?: Record<string, string>): Promise<OAuthAnswer>
  /** Status of a call to the API with this credential. */
  statusWith(credential: string): Promise<number>
}

/** Somebody at a browser. */
export async function personOf(context: GateContext, account: string): Promise<Identity> {
  const { cookie = '' } = await sessionOf(context, account)
  const view = { method: 'GET', target: '/', rawHeaders: ['cookie', cookie] }
  return must(await identify(context, view))
}

export async function approvalOf(context: GateContext, account: string) {
  return must(await approvalBy(context, await personOf(context, account)))
}

/** The tokens of a new family, of the command line client unless told otherwise. */
export async function startFamilyOf(context: GateContext, account: string, client: OAuthClient = CLI_CLIENT) {
  const familyId = context.randomId(16)
  const started = await startFamily(context, {
    familyId,
    approval: await approvalOf(context, account),
    by: PROGRAM,
    client,
    scopes: ['api'],
    grantable: ['api'],
    spends: spentCodes.put(familyId, context.clock(), { expiresAt: context.clock() + 60_000 }),
  })
  const { accessToken, refreshToken } = must(started)
  return { client, accessToken, refreshToken }
}

/** A gate with an OAuth server, the device flow, API keys and the master key. */
export async function oauthFixture({
  clients = [],
  ...overrides
}: Parameters<typeof httpFixture>[0] & { clients?: readonly OAuthClient[] } = {}): Promise<OAuthFixture> {
  const fixture = await httpFixture({
    plugins: [apiKeys(), masterKey({ key: MASTER_KEY }), oauth({ clients }), device(), backChannelLogout()],
    ...overrides,
  })
  const { context } = fixture
  const post: OAuthFixture['post'] = async (path, form, headers = {}) => {
    const response = await fixture.call('POST', path, { form, headers })
    return { status: response.status, body: (await response.json()) as OAuthAnswer['body'] }
  }
  return {
    ...fixture,
    post,
    async logIn(account = 'user@example.com', scope = 'api') {
      const begun = await post('/oauth2/device_authorization', { client_id: CLI, scope })
      const identity = await personOf(context, account)
      const userCode = String(begun.body.user_code).replace('-', '')
      const decided = await decideDevice(deviceOf(context), {
        identity,
        userCode,
        decision: 'approved',
        scopes: scope.split(' '),
      })
      if (!decided.ok) throw new Error(decided.denial.code)
      const deviceCode = String(begun.body.device_code)
      const { body } = await post('/oauth2/token', {
        grant_type: DEVICE_GRANT,
        device_code: deviceCode,
        client_id: CLI,
      })
      if (!body.access_token) throw new Error(JSON.stringify(body))
      return body as unknown as Pair
    },
    refresh: (refreshToken, more = {}) =>
      post('/oauth2/token', {
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: CLI,
        ...more,
      }),
    async statusWith(credential) {
      const headers = { authorization: `Bearer ${credential}` }
      return (await fixture.call('GET', '/oauth2/userinfo', { headers })).status
    },
  }
}
