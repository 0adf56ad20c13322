import { audited } from '../audit/append.js'
import { type Denial, denial } from '../decision.js'
import type { Deps } from '../deps.js'
import { enter } from '../directory/directory.js'
import { done, type Outcome, refused } from '../outcome.js'
import { commitUnderStanding } from '../standing/commit-under.js'
import { activeBan, type Standing } from '../standing/standing.js'
import { boundedText } from '../text.js'
import { recordDeadline, type TokenInfo, tokenRecordKey } from './token.js'
import { ACCESS_TOKEN_TYPE } from './verify.js'

export const TOKEN_NAME_LENGTH = 100

export interface TokenToIssue {
  /** Canonical e-mail. */
  readonly account: string
  /** Kept as one line of at most 100 characters. Default `token`. */
  readonly name?: string
  /** Integer seconds within `options.tokens`. Default `defaultLifetimeSeconds`. */
  readonly lifetimeSeconds?: number
  /** Default `api`. */
  readonly scopes?: readonly string[]
  /** The token may carry no scope beyond these. Default: every known scope. */
  readonly grantable?: readonly string[]
  /** Who is recorded as having issued it. Default: the account. */
  readonly by?: string
}

export interface IssuedToken {
  /** The only time that it is seen. */
  readonly token: string
  readonly info: TokenInfo
}

/**
 * Issues an access token (RFC 9068 profile). It exists for the world only once its record is stored: if that fails,
 * the call rejects and no token leaves. Refused with `expires_in_invalid`, `scope_unknown`, `scope_insufficient`
 * or `account_banned`.
 */
export async function issueToken(deps: Deps, input: TokenToIssue): Promise<Outcome<IssuedToken>> {
  const { tokens, scopes: known, requiredScope } = deps.options
  const lifetimeSeconds = input.lifetimeSeconds ?? tokens.defaultLifetimeSeconds
  if (!isWithin(lifetimeSeconds, tokens.minLifetimeSeconds, tokens.maxLifetimeSeconds))
    return refused('expires_in_invalid', {
      detail: `expires_in must be an integer from ${tokens.minLifetimeSeconds} to ${tokens.maxLifetimeSeconds} seconds.`,
    })
  const scopes = [...new Set(input.scopes ?? [requiredScope])]
  if (scopes.some((scope) => !Object.hasOwn(known, scope))) return refused('scope_unknown')
  const beyond = scopes.find((scope) => input.grantable && !input.grantable.includes(scope))
  if (beyond) return refused('scope_insufficient', { scope: beyond })

  const id = deps.randomId(16)
  const createdAt = deps.clock()
  const issuedAtSeconds = Math.floor(createdAt / 1000)
  const expiresAt = (issuedAtSeconds + lifetimeSeconds) * 1000
  const name = boundedText(input.name ?? '', TOKEN_NAME_LENGTH) || 'token'
  const token = await deps.keys.sign(
    {
      iss: deps.options.issuer,
      aud: deps.options.audience,
      sub: input.account,
      jti: id,
      iat: issuedAtSeconds,
      exp: expiresAt / 1000,
      scope: scopes.join(' '),
    },
    ACCESS_TOKEN_TYPE,
  )
  const recorded = {
    action: 'token.issue',
    actor: input.by ?? input.account,
    subject: input.account,
    details: { token_id: id, expires_in: lifetimeSeconds, scope: scopes.join(' ') },
  } as const
  const stored = await audited(deps, recorded, async () => {
    await enterDirectories(deps, input.account, id, createdAt, expiresAt)
    return commitUnderStanding(
      deps,
      deps.partitionOf(input.account),
      (standing) => refuseBanned(standing, deps.clock()),
      (standing) => [
        {
          put: tokenRecordKey(id),
          value: { name, scopes, createdAt, expiresAt, generation: standing.tokenGeneration },
          sort: createdAt,
          expiresAt: recordDeadline(deps, expiresAt),
        },
      ],
    )
  })
  if (!stored.ok) return stored
  const info = { id, account: input.account, name, scopes, createdAt, expiresAt, status: 'active' } as const
  return done({ token, info })
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function refuseBanned(standing: Standing, now: number): Denial | undefined {
  return activeBan(standing, now) ? denial('account_banned') : undefined
}

function enterDirectories(deps: Deps, account: string, id: string, createdAt: number, expiresAt: number) {
  const entry = { id, account, expiresAt: recordDeadline(deps, expiresAt) }
  return enter(deps, [
    { ...entry, directory: 'tokens', sort: createdAt },
    { ...entry, directory: 'tokens-by-expiry', sort: expiresAt },
  ])
}
