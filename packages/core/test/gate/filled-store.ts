import { banAccount } from '../../src/accounts/ban.js'
import { createApiKey } from '../../src/api-keys/create.js'
import { rotateApiKey } from '../../src/api-keys/rotate.js'
import { pruneAudit } from '../../src/audit/prune.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { Identity } from '../../src/authentication/identity.js'
import { logOutByProvider } from '../../src/back-channel-logout/log-out.js'
import type { GateContext } from '../../src/context/context.js'
import { beginDevice } from '../../src/device/begin.js'
import { decideDevice, lookUpDevice } from '../../src/device/decide.js'
import { redeemDevice } from '../../src/device/redeem.js'
import { externalTokens } from '../../src/external-tokens/plugin.js'
import { revokeExternalToken } from '../../src/external-tokens/revoke.js'
import { beginLogin } from '../../src/login/begin.js'
import { completeLogin } from '../../src/login/complete.js'
import type { IdentityProvider } from '../../src/login/identity-provider.js'
import { approvalBy } from '../../src/oauth/approval.js'
import { issueCode, redeemCode } from '../../src/oauth/authorization-code.js'
import { createUser } from '../../src/scim/create.js'
import { cookieNames } from '../../src/sessions/cookie.js'
import { endSession } from '../../src/sessions/end.js'
import { parseCookieValue } from '../../src/sessions/session.js'
import { startSession } from '../../src/sessions/start.js'
import { issueTokenOnce } from '../../src/tokens/issue-once.js'
import { revokeToken } from '../../src/tokens/revoke.js'
import { revokeAllTokens } from '../../src/tokens/revoke-all.js'
import { CLI_CLIENT } from '../oauth/oauth-fixture.js'
import {
  actingAs,
  apiKeysOf,
  backChannelLogoutOf,
  contextOfPlugin,
  deviceOf,
  must,
  PROGRAM,
  scimOf,
  type TestClock,
} from './gate-fixture.js'

const ISSUER = 'https://idp.test'
const DAY_MS = 86_400_000
const VERIFIER = 'v'.repeat(43)
/** S256 of `VERIFIER`. */
const CHALLENGE = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(VERIFIER))).toString(
  'base64url',
)

export const USER = 'user@example.com'
export const BANNED = 'banned@example.com'
export const SIGNED_OUT = 'signed-out@example.com'
export const DEACTIVATED = 'deactivated@example.com'
export const REVOKED_EXTERNAL_ID = 'external-token'

/** What somebody outside holds of a store that `fillStore` has filled. */
export interface Held {
  /** Where the clock stood at the end. */
  readonly at: number
  readonly live: {
    readonly token: string
    readonly apiKey: string
    readonly cookie: string
    readonly bought: string
  }
  readonly dead: {
    readonly token: string
    readonly apiKey: string
    readonly cookie: string
    readonly signedOut: string
  }
  readonly refreshToken: string
  readonly deviceCode: string
  /** The request with this key has made the token that is live. */
  readonly idempotencyKey: string
}

/** A provider that vouches for `USER` and ends what it is told to. */
export const fillingProvider: IdentityProvider = {
  issuer: ISSUER,
  begin: async ({ state }) => new URL(`${ISSUER}/auth?state=${encodeURIComponent(state)}`),
  complete: async () => ({
    issuer: ISSUER,
    subject: USER,
    email: USER,
    emailVerified: true,
    groups: [],
    idToken: 't',
    providerSessionId: 'p',
  }),
  logoutUrl: async () => undefined,
  // The token is the instant at which it was made.
  verifyLogoutToken: async (token) => ({
    issuer: ISSUER,
    id: token,
    subject: 'nobody',
    issuedAt: Number(token),
  }),
  ready: async () => true,
}

/**
 * Leaves at least one record in every collection that a gate keeps, by doing everything that writes one, and answers
 * what must go on working or stay dead. The gate has `fillingProvider` and an audit retention of 30 days.
 */
export async function fillStore(context: GateContext, clock: TestClock): Promise<Held> {
  must(await banAccount(context, { account: 'old@example.com', by: PROGRAM, durationSeconds: 60 }))
  clock.advance(31 * DAY_MS)
  must(await pruneAudit(context))

  const cookieOf = async (email: string) => {
    const facts = { email, groups: [], issuer: ISSUER, subject: email, idToken: 't', providerSessionId: 'p' }
    return must(await startSession(context, facts)).cookieValue
  }
  const issue = async (account: string, idempotencyKey: string) =>
    must(await issueTokenOnce(context, { account, by: actingAs(account), idempotencyKey, scopes: ['api'] }))
  const keyOf = async (account: string) =>
    must(await createApiKey(apiKeysOf(context), { account, by: actingAs(account), scopes: ['api'] }))

  const cookie = await cookieOf(USER)
  const live = { token: (await issue(USER, 'live')).token, apiKey: (await keyOf(USER)).key, cookie }
  const person = must(await identify(context, viewOf(context, { cookie })))
  await identify(context, viewOf(context, { credential: live.token }))
  await identify(context, viewOf(context, { credential: live.apiKey }))

  const revoked = await issue(USER, 'revoked')
  must(await revokeToken(context, { account: USER, id: revoked.info.id, by: actingAs(USER) }))
  const rotated = await keyOf(USER)
  must(
    await rotateApiKey(apiKeysOf(context), {
      account: USER,
      id: rotated.info.id,
      by: actingAs(USER),
      overlapSeconds: 0,
    }),
  )
  const ended = await cookieOf(USER)
  const endedKey = parseCookieValue(ended)
  if (endedKey) must(await endSession(context, { key: endedKey }))

  const signedOut = await issue(SIGNED_OUT, 'signed-out')
  must(await revokeAllTokens(context, { account: SIGNED_OUT, by: actingAs(SIGNED_OUT) }))
  await revokeExternalToken(contextOfPlugin(context, externalTokens([])), {
    account: USER,
    id: REVOKED_EXTERNAL_ID,
    expiresAt: clock.now + DAY_MS,
    by: PROGRAM,
  })
  must(await banAccount(context, { account: BANNED, by: PROGRAM, reason: 'a reason' }))
  must(await banAccount(context, { account: 'second@example.com', by: PROGRAM }))
  await createUser(scimOf(context), { userName: 'gone', emails: [{ value: DEACTIVATED }], active: false })

  const { bought, refreshToken } = await redeemDeviceOf(context, person)
  await redeemCodeOf(context, person)
  await lookUpDevice(deviceOf(context), person, 'BCDFGHJK')
  const client = CLI_CLIENT
  const { deviceCode } = must(await beginDevice(deviceOf(context), { client, address: '192.0.2.1' }))
  await logInAndOut(context, clock)
  for (let count = 0; count < 100; count++) context.rateLimits.refuseClient('approvals', 'client')
  await context.storeReadiness()
  return {
    at: clock.now,
    live: { ...live, bought },
    dead: { token: revoked.token, apiKey: rotated.key, cookie: ended, signedOut: signedOut.token },
    refreshToken,
    deviceCode,
    idempotencyKey: 'live',
  }
}

function viewOf(context: GateContext, { cookie, credential }: { cookie?: string; credential?: string }) {
  const name = cookieNames(context.options.secure).session
  const rawHeaders = cookie === undefined ? ['x-api-key', credential ?? ''] : ['cookie', `${name}=${cookie}`]
  return { method: 'GET', target: '/', rawHeaders }
}

/** Whether a gate lets this in. */
export async function letsIn(
  context: GateContext,
  shown: { cookie?: string; credential?: string },
): Promise<boolean> {
  return (await identify(context, viewOf(context, shown))).ok
}

async function redeemDeviceOf(context: GateContext, person: Identity) {
  const client = CLI_CLIENT
  const { deviceCode, userCode } = must(await beginDevice(deviceOf(context), { client, scopes: ['api'] }))
  const decided = { identity: person, userCode, decision: 'approved', scopes: ['api'] } as const
  must(await decideDevice(deviceOf(context), decided))
  const redeemed = await redeemDevice(deviceOf(context), { deviceCode, client })
  if (typeof redeemed === 'string') throw new Error(redeemed)
  const { accessToken, refreshToken } = must(redeemed)
  return { bought: accessToken, refreshToken }
}

async function redeemCodeOf(context: GateContext, person: Identity) {
  const approval = must(await approvalBy(context, person))
  const redirectUri = 'http://127.0.0.1/callback'
  const asked = { clientId: CLI_CLIENT.id, redirectUri, codeChallenge: CHALLENGE, scopes: ['api'], approval }
  const code = await issueCode(context, asked)
  must(await redeemCode(context, { code, redirectUri, codeVerifier: VERIFIER, client: CLI_CLIENT }))
}

async function logInAndOut(context: GateContext, clock: TestClock) {
  const { location, setCookie } = must(await beginLogin(context, { returnTo: '/', browser: undefined }))
  const state = new URL(location).searchParams.get('state') ?? ''
  const callback = new URL(`https://gate.test/oauth2/callback?code=c&state=${encodeURIComponent(state)}`)
  const browser = /login=([^;]+)/.exec(setCookie)?.[1]
  must(await completeLogin(context, { callback, browser }))
  must(await logOutByProvider(backChannelLogoutOf(context), 'everything', String(clock.now)))
}
