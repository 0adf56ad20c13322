import { canonicalEmail } from '../accounts/account-id.js'
import type { Deps } from '../context/context.js'
import { freezeDeeply } from '../encoding/freeze.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { parseJsonObject } from '../jws/strict-json.js'
import type { Millis } from '../store/store.js'
import { ACCESS_TOKEN_TYPE, type TokenClaims } from './claims.js'

const CLOCK_SKEW_MS = 30_000

/**
 * Proves an access token of this gate: structure, pinned algorithm, signature, `typ`, `iss`, `aud`, lifetime. Says
 * nothing about revocation or bans. Refused with `token_malformed`, `token_invalid` or `token_expired`.
 * `nbf` and `iat` may lie at most 30 s ahead of our clock; `exp` gets no grace.
 */
export function verifyToken(
  deps: Deps,
  compact: string,
): Outcome<TokenClaims> | Promise<Outcome<TokenClaims>> {
  const known = deps.proofs.get(compact)
  return known ? withinLifetime(known, deps.clock()) : verifySignature(deps, compact)
}

async function verifySignature(deps: Deps, compact: string): Promise<Outcome<TokenClaims>> {
  let verified: Awaited<ReturnType<Deps['keys']['verify']>>
  try {
    verified = await deps.keys.verify(compact)
  } catch (error) {
    return refused(isMalformed(error) ? 'token_malformed' : 'token_invalid')
  }
  if (!isAccessTokenType(verified.protectedHeader.typ)) return refused('token_invalid')
  const payload = parseJsonObject(verified.payload)
  if (!payload) return refused('token_malformed')
  const claims = readClaims(payload, deps)
  if (!claims) return refused('token_invalid')
  const outcome = withinLifetime(claims, deps.clock())
  if (outcome.ok) deps.proofs.set(compact, claims)
  return outcome
}

function withinLifetime(claims: TokenClaims, now: Millis): Outcome<TokenClaims> {
  if (now >= claims.expiresAt) return refused('token_expired')
  if (now + CLOCK_SKEW_MS < Math.max(claims.notBefore, claims.issuedAt)) return refused('token_invalid')
  return done(claims)
}

/** RFC 9068 §4: `application/at+jwt` is the long spelling; media types ignore case. */
function isAccessTokenType(typ: unknown): boolean {
  return typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '') === ACCESS_TOKEN_TYPE
}

function readClaims(payload: Record<string, unknown>, deps: Deps): TokenClaims | undefined {
  const { iss, aud, sub, jti, client_id: clientId, iat, exp, nbf = iat, scope = '' } = payload
  const audiences = Array.isArray(aud) ? aud : [aud]
  if (iss !== deps.options.issuer || !audiences.includes(deps.options.audience)) return undefined
  if (typeof sub !== 'string' || canonicalEmail(sub) !== sub) return undefined
  if (typeof jti !== 'string' || jti === '' || typeof scope !== 'string') return undefined
  if (clientId !== undefined && typeof clientId !== 'string') return undefined
  if (!isInstant(iat) || !isInstant(exp) || !isInstant(nbf)) return undefined
  return freezeDeeply({
    accountId: sub,
    partition: deps.partitionOf(sub),
    id: jti,
    ...(clientId === undefined ? {} : { clientId }),
    issuedAt: iat * 1000,
    expiresAt: exp * 1000,
    notBefore: nbf * 1000,
    scopes: scope === '' ? [] : scope.split(' '),
  })
}

const LAST_INSTANT = 253_402_300_799

function isInstant(seconds: unknown): seconds is number {
  return Number.isInteger(seconds) && (seconds as number) >= 0 && (seconds as number) <= LAST_INSTANT
}

function isMalformed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'jws_malformed'
}
