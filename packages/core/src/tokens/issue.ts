import { audited } from '../audit/append.js'
import { type Acted, type ActsFor, auditedAs } from '../authorization/actor.js'
import { type Denial, denial } from '../decision.js'
import type { Deps } from '../deps.js'
import { enter } from '../directory/directory.js'
import { done, type Outcome, refused } from '../outcome.js'
import { chooseScopes, type ScopeWish } from '../scopes.js'
import { commitUnderStanding } from '../standing/commit-under.js'
import { activeBan, type Standing } from '../standing/standing.js'
import type { Check, Write } from '../store/store.js'
import { boundedText } from '../text.js'
import { recordDeadline, type TokenInfo, tokenRecordKey } from './token.js'
import { ACCESS_TOKEN_TYPE } from './verify.js'

export const TOKEN_NAME_LENGTH = 100

export interface TokenToIssue extends ScopeWish {
  /** Canonical e-mail. */
  readonly account: string
  /** Kept as one line of at most 100 characters. Default `token`. */
  readonly name?: string
  /** Integer seconds within `options.tokens`. Default `defaultLifetimeSeconds`. */
  readonly lifetimeSeconds?: number
  /** Who issues it. Default: `{ service: 'program' }`. */
  readonly by?: ActsFor
}

/** What is committed together with the token. */
export interface IssuedWith {
  readonly family: string
  readonly checks?: readonly Check[]
  readonly writes: (standing: Standing, tokenId: string) => readonly Write[]
}

export interface IssuedToken {
  /** The only time that it is seen. */
  readonly token: string
  readonly info: TokenInfo
}

/**
 * Issues an access token (RFC 9068 profile). It exists for the world only once its record is stored: if that fails,
 * the call rejects and no token leaves. Refused with `expires_in_invalid`, `scope_unknown`, `scope_insufficient`
 * or `account_banned`; with `grant_invalid` when a check of `together` fails.
 */
export async function issueToken(
  deps: Deps,
  input: Acted<TokenToIssue>,
  together?: IssuedWith,
): Promise<Outcome<IssuedToken>> {
  const { tokens } = deps.options
  const lifetimeSeconds = input.lifetimeSeconds ?? tokens.defaultLifetimeSeconds
  if (!isWithin(lifetimeSeconds, tokens.minLifetimeSeconds, tokens.maxLifetimeSeconds))
    return refused('expires_in_invalid', {
      detail: `expires_in must be an integer from ${tokens.minLifetimeSeconds} to ${tokens.maxLifetimeSeconds} seconds.`,
    })
  const chosen = chooseScopes(deps, input)
  if (!chosen.ok) return chosen
  const scopes = chosen.value

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
    ...auditedAs(input.by),
    subject: input.account,
    details: { token_id: id, expires_in: lifetimeSeconds, scope: scopes.join(' ') },
  } as const
  const family = together ? { family: together.family } : {}
  const deadline = recordDeadline(deps, { expiresAt, ...family })
  const stored = await audited(deps, recorded, async () => {
    await enterDirectories(deps, { account: input.account, id, createdAt, expiresAt, deadline })
    return commitUnderStanding(
      deps,
      deps.partitionOf(input.account),
      (standing) => refuseBanned(standing, deps.clock()),
      (standing) => [
        {
          put: tokenRecordKey(id),
          value: {
            name,
            scopes,
            createdAt,
            expiresAt,
            generation: standing.tokenGeneration,
            ...family,
          },
          sort: createdAt,
          expiresAt: deadline,
        },
        ...(together?.writes(standing, id) ?? []),
      ],
      together?.checks,
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

function enterDirectories(
  deps: Deps,
  token: { id: string; account: string; createdAt: number; expiresAt: number; deadline: number },
) {
  const { id, account, createdAt, expiresAt, deadline } = token
  const entry = { id, account, expiresAt: deadline }
  return enter(deps, [
    { ...entry, directory: 'tokens', sort: createdAt },
    { ...entry, directory: 'tokens-by-expiry', sort: expiresAt },
  ])
}
