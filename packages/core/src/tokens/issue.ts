import { enter } from '../account-index/account-index.js'
import { audited } from '../audit/append.js'
import { refuseBanned } from '../authentication/judge.js'
import { type Acted, type ActsFor, auditedAs, refuseOver } from '../authorization/actor.js'
import { chooseScopes, type ScopeWish } from '../authorization/scopes.js'
import type { GateContext } from '../context/context.js'
import { lineOf } from '../encoding/text.js'
import { type Denial, denial } from '../errors/denial.js'
import { done, type Outcome, refused, refuseLong } from '../errors/outcome.js'
import { commitUnderStanding } from '../standing/change.js'
import { enterLive } from '../standing/live-counts.js'
import type { Standing } from '../standing/standing.js'
import type { Check, Millis, Write } from '../store/store.js'
import { optimistically, RACED } from '../store/update.js'
import { countAgainstCap, isCountedAgainstCap, recount } from './cap.js'
import {
  ACCESS_TOKEN_TYPE,
  GATE_CLIENT_ID,
  recordDeadline,
  TOKEN_NAME_LENGTH,
  type TokenInfo,
  tokenRecords,
} from './token.js'

export interface TokenToIssue extends ScopeWish {
  /** Canonical e-mail. */
  readonly account: string
  /** At most 100 characters, kept as one line. Default `token`. */
  readonly name?: string
  /** Integer seconds within `options.tokens`. Default `defaultLifetimeSeconds`. */
  readonly lifetimeSeconds?: number
  /** Who issues it. Default, when it is left out: `{ service: 'program' }`. Given as undefined it is refused. */
  readonly by?: ActsFor
}

/** What is fixed beforehand of a token that is issued for something, and committed together with it. */
export interface IssuedWith {
  /** The same for every repeat, so that none issues another. */
  readonly id: string
  readonly family?: string
  /** The client that buys it. Default: `GATE_CLIENT_ID`. */
  readonly clientId?: string
  readonly firstIssuedAt?: Millis
  /** Beside a ban. */
  readonly refuse: (standing: Standing) => Denial | undefined
  readonly checks: readonly Check[]
  readonly writes?: (standing: Standing, token: AccessToken, signed: string) => readonly Write[]
  /** The answer when one of the checks fails. Default, and where there is none: `grant_invalid`. */
  readonly raced?: () => Promise<Outcome<IssuedToken> | undefined>
  /** The answer when an `add` of the writes would pass its limit. */
  readonly beyond?: Denial
}

/** All that is in an access token beside what every one says. */
export interface AccessToken {
  readonly id: string
  readonly scopes: readonly string[]
  readonly createdAt: Millis
  readonly expiresAt: Millis
}

export interface IssuedToken {
  /** The only time that it is seen. */
  readonly token: string
  readonly info: TokenInfo
}

/**
 * Issues an access token (RFC 9068 profile). It exists for the world only once its record is stored: if that fails,
 * the call rejects and no token leaves. Refused with `input_invalid` for a name that is too long, `expires_in_invalid`, `scope_unknown`,
 * `scope_insufficient`, `account_banned`, or `too_many_tokens` for an account with `maxCredentialsPerAccount` that live; for another account with `role_insufficient` or `super_admin_protected`; with what `together`
 * refuses, and `grant_invalid` when one of its checks fails.
 */
export async function issueToken(
  context: GateContext,
  input: Acted<TokenToIssue>,
  together?: IssuedWith,
): Promise<Outcome<IssuedToken>> {
  const forbidden = refuseOver(context, input.by, input.account)
  if (forbidden) return { ok: false, denial: forbidden }
  const { tokens } = context.options
  const lifetimeSeconds = input.lifetimeSeconds ?? tokens.defaultLifetimeSeconds
  if (!isWithin(lifetimeSeconds, tokens.minLifetimeSeconds, tokens.maxLifetimeSeconds))
    return refused('expires_in_invalid', {
      detail: `expires_in must be an integer from ${tokens.minLifetimeSeconds} to ${tokens.maxLifetimeSeconds} seconds.`,
    })
  const name = lineOf(input.name ?? '', TOKEN_NAME_LENGTH)
  if (name === undefined) return refuseLong('name', TOKEN_NAME_LENGTH)
  const chosen = chooseScopes(context, input)
  if (!chosen.ok) return chosen
  const scopes = chosen.value

  const { account } = input
  const partition = context.partitionOf(account)
  const id = together?.id ?? context.randomId(16)
  const createdAt = context.clock()
  const expiresAt = (Math.floor(createdAt / 1000) + lifetimeSeconds) * 1000
  const issued: AccessToken = { id, scopes, createdAt, expiresAt }
  const token = await signAccessToken(context, account, issued, together?.clientId)
  const recorded = {
    action: 'token.issue',
    ...auditedAs(input.by),
    subject: account,
    details: { token_id: id, expires_in: lifetimeSeconds, scope: scopes.join(' ') },
  } as const
  const origin = originOf(together)
  const deadline = recordDeadline(context, { expiresAt, ...origin })
  return audited(context, recorded, async () => {
    await enterDirectories(context, { account, id, createdAt, expiresAt, deadline })
    const commit = () =>
      commitUnderStanding(
        context,
        partition,
        (standing) => refuseBanned(context, standing) ?? together?.refuse(standing),
        (standing) => [
          tokenRecords.put(
            id,
            {
              name: name || 'token',
              scopes,
              createdAt,
              expiresAt,
              generation: standing.tokenGeneration,
              ...origin,
            },
            { sort: createdAt, expiresAt: deadline },
          ),
          enterLive('tokens', { generation: standing.tokenGeneration, id, createdAt, expiresAt }),
          countAgainstCap(context),
          ...(together?.writes?.(standing, issued, token) ?? []),
        ],
        {
          checks: together?.checks ?? [],
          beyond: (write) =>
            isCountedAgainstCap(write)
              ? denial('too_many_tokens')
              : (together?.beyond ?? denial('rate_limited')),
        },
      )
    const busy = 'The tokens of an account changed too often to be counted'
    const stored = await optimistically(context, busy, async () => {
      const committed = await commit()
      return isAtCap(committed) && (await recount(context, partition)) ? RACED : committed
    })
    if (stored.ok)
      return done({ token, info: { ...issued, account, name: name || 'token', status: 'active' } })
    const isRaced = stored.denial.code === 'grant_invalid'
    return (isRaced ? await together?.raced?.() : undefined) ?? stored
  })
}

const isAtCap = (issuing: Outcome<unknown>) => !issuing.ok && issuing.denial.code === 'too_many_tokens'

/**
 * The same token for the same facts, but for the signature where the algorithm makes another each time. Has every claim
 * that RFC 9068 §2.2 requires.
 */
export function signAccessToken(
  context: GateContext,
  account: string,
  { id, scopes, createdAt, expiresAt }: AccessToken,
  clientId = GATE_CLIENT_ID,
): Promise<string> {
  const claims = {
    iss: context.options.issuer,
    aud: context.options.audience,
    sub: account,
    client_id: clientId,
    jti: id,
    iat: Math.floor(createdAt / 1000),
    exp: expiresAt / 1000,
    scope: scopes.join(' '),
  }
  return context.keys.sign(claims, ACCESS_TOKEN_TYPE)
}

function originOf({ family, firstIssuedAt }: Pick<IssuedWith, 'family' | 'firstIssuedAt'> = {}) {
  return {
    ...(family === undefined ? {} : { family }),
    ...(firstIssuedAt === undefined ? {} : { firstIssuedAt }),
  }
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function enterDirectories(
  context: GateContext,
  token: { id: string; account: string; createdAt: number; expiresAt: number; deadline: number },
) {
  const { id, account, createdAt, expiresAt, deadline } = token
  const entry = { id, account, expiresAt: deadline }
  return enter(context, [
    { ...entry, index: 'tokens', sort: createdAt },
    { ...entry, index: 'tokens-by-expiry', sort: expiresAt },
  ])
}
