import { boundedText } from '../encoding/text.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { claimAt } from '../jws/claim-path.js'
import { freezeDeeply } from '../store/collection.js'
import type { Millis } from '../store/store.js'
import { rememberSchema } from './claims-of.js'
import type { ExternalPayload, TrustedIssuer } from './issuer.js'
import { accountOf, mapRole } from './map-claims.js'
import { type Misfit, misfit } from './misfit.js'
import type { MappedRole } from './options.js'
import { proveExternalToken } from './prove.js'
import { missingClaim } from './required-claims.js'

/** What a token of a trusted issuer says about its bearer, by the mapping of that issuer. */
export interface ExternalClaims {
  /** Canonical e-mail, or the account of a subject without one. */
  readonly accountId: string
  readonly email: string
  readonly name?: string
  readonly role: MappedRole
  readonly team?: string
  /** As the token lists them, known to the gate or not; absent when it says nothing of scopes. */
  readonly scopes?: readonly string[]
  /** Of this token of this issuer alone. */
  readonly id: string
  readonly issuedAt: Millis
  /** `exp`; the token is taken for `leewaySeconds` more. */
  readonly expiresAt: Millis
  /** What the claims schema made of the payload. */
  readonly claims?: unknown
}

export type VerifiedToken = Outcome<ExternalClaims> | Misfit

const NAME_LENGTH = 200
const TEAM_LENGTH = 256

/**
 * Proves a token of a trusted issuer and maps its claims. Says nothing about revocation or bans. Refused with
 * `token_malformed`, `token_invalid`, `token_expired`, `email_missing`, `email_unverified`, or `role_insufficient` when its role is
 * unknown and those are refused. Rejects with `provider_unavailable` when no keys can be had.
 */
export async function verifyExternalToken(issuer: TrustedIssuer, compact: string): Promise<VerifiedToken> {
  const proven = await proveExternalToken(issuer, compact)
  if (!proven.ok) return proven
  const { payload } = proven.value
  const untimely = refuseUntimely(issuer, compact, payload)
  if (untimely) return untimely
  const mapped = mapClaims(issuer, payload)
  if (!mapped.ok) return mapped
  const { claimsSchema } = issuer.options
  if (!claimsSchema) return mapped
  const validated = await validate(issuer, payload)
  return validated.ok ? done({ ...mapped.value, claims: validated.value }) : validated
}

/** RFC 7519 §4.1.4–4.1.6: at `exp` it is over, at `nbf` it has begun; either may be off by the leeway, since two clocks are. */
function refuseUntimely(
  { options, proofs, clock }: TrustedIssuer,
  compact: string,
  { issuedAt, notBefore, expiresAt }: ExternalPayload,
): Outcome<never> | undefined {
  const now = clock()
  if (now >= expiresAt + options.leewayMs) {
    proofs.delete(compact)
    return refused('token_expired')
  }
  return now + options.leewayMs < Math.max(notBefore, issuedAt) ? refused('token_invalid') : undefined
}

function mapClaims({ options }: TrustedIssuer, payload: ExternalPayload): VerifiedToken {
  const { members, id, issuedAt, expiresAt } = payload
  const missing = missingClaim(members, options.requiredClaims)
  if (missing !== undefined)
    return misfit('token_invalid', `its claim ${missing} is not what requiredClaims says, or missing`)
  const { claims: paths, roles, unknownRole } = options
  const account = accountOf(members, options)
  if (!account.ok) return account
  const role = mapRole(claimAt(members, paths.role), roles)
  if (role === undefined && unknownRole === 'refuse') return refused('role_insufficient')
  const team = claimAt(members, paths.team)
  const listed = claimAt(members, paths.scopes)
  const scopes = listed === undefined ? undefined : readScopes(listed)
  // A budget or a right hangs on them: what cannot be read must not count as not there.
  if ((team !== undefined && !isTeam(team)) || (listed !== undefined && !scopes))
    return refused('token_invalid')
  const name = typeof members.name === 'string' ? boundedText(members.name, NAME_LENGTH) : ''
  return done({
    accountId: account.value,
    email: account.value,
    ...(name === '' ? {} : { name }),
    role: role ?? 'user',
    ...(team === undefined ? {} : { team }),
    ...(scopes === undefined ? {} : { scopes }),
    id,
    issuedAt,
    expiresAt,
  })
}

function isTeam(team: unknown): team is string {
  return typeof team === 'string' && team !== '' && boundedText(team, TEAM_LENGTH) === team
}

function readScopes(listed: unknown): readonly string[] | undefined {
  const scopes: unknown = typeof listed === 'string' ? listed.split(' ').filter(Boolean) : listed
  if (!Array.isArray(scopes)) return undefined
  return scopes.every((scope) => typeof scope === 'string') ? scopes : undefined
}

async function validate(
  { options, report }: TrustedIssuer,
  { members }: ExternalPayload,
): Promise<Outcome<unknown>> {
  try {
    const result = await options.claimsSchema?.['~standard'].validate(members)
    if (!result || result.issues || !options.claimsSchema) return refused('token_invalid')
    freezeDeeply(result.value)
    rememberSchema(result.value, options.claimsSchema)
    return done(result.value)
  } catch (cause) {
    const detail = `The claims schema of ${options.issuer} threw instead of answering`
    report({ level: 'error', code: 'claims_schema_failed', detail, cause })
    return refused('token_invalid')
  }
}
