import { canonicalEmail } from '../accounts/account-id.js'
import { recentUses, tokenUses, touch } from '../activity/touch.js'
import type { CredentialKind } from '../authentication/credential-kind.js'
import type { Issued } from '../authentication/judge.js'
import { roleOfProgram } from '../authorization/roles.js'
import type { GateContext } from '../context/context.js'
import { type Outcome, refused } from '../errors/outcome.js'
import { parseJsonObject } from '../jws/strict-json.js'
import { isViewer } from '../standing/standing.js'
import { freezeDeeply } from '../store/collection.js'
import type { Millis } from '../store/store.js'
import { revokeToken } from './revoke.js'
import {
  ACCESS_TOKEN_TYPE,
  type TokenClaims,
  type TokenProof,
  type TokenRecord,
  tokenRecords,
} from './token.js'

/**
 * Tokens of this gate: JWTs with a record. Takes every bearer credential for one, so it is the last in the list.
 */
export function tokenKind(context: GateContext): CredentialKind<TokenClaims, TokenRecord> {
  const recent = recentUses()
  return {
    name: 'token',
    isOfAccount: true,
    remembers: (token) => context.proofs.get(token) !== undefined,
    prove: (token) => verifyToken(context, token),
    records: { collection: tokenRecords.name, read: tokenRecords.read },
    issued: ({ partition, issuedAt }, record) =>
      record ? issuedAsToken(partition, record) : { partition, issuedAt },
    denials: { absent: 'token_invalid', ended: 'token_revoked' },
    describe({ proof, standing, record }) {
      const { accountId, issuedAt, expiresAt, scopes } = proof
      const role = roleOfProgram(context.roleOf(accountId), isViewer(context, standing))
      const described = { accountId, role, scopes, issuedAt, expiresAt }
      const isRenewable = record !== undefined && renewableSeconds(context, record) !== undefined
      return isRenewable ? { ...described, renewal: RENEWAL_PATH } : described
    },
    admitted({ proof: { partition, id, expiresAt }, stored }) {
      touch(context, recent, { partition, uses: tokenUses, id, expiresAt: stored?.expiresAt ?? expiresAt })
    },
    wasEnded: async (_id, { partition, grant }) =>
      grant !== undefined && (await context.grants.wasEnded({ partition, id: grant })),
    revoke: ({ accountId, credential }, by) =>
      revokeToken(context, { account: accountId, id: credential.id, by }),
  }
}

/** What the judge has to know of a token. */
export function issuedAsToken(partition: string, record: TokenRecord): Issued {
  const { createdAt, generation, revokedAt, family } = record
  const issued = {
    partition,
    issuedAt: createdAt,
    isEnded: revokedAt !== undefined,
    tokenGeneration: generation,
    needsFreshLogin: true,
  }
  return family === undefined ? issued : { ...issued, grant: family }
}

/** Where a token in the last fifth of its life is exchanged. */
export const RENEWAL_PATH = '/api/token/renew'

/**
 * For how long the successor of a token may live, where renewal is offered: in its last fifth, and not beyond
 * `maxLifetimeSeconds` from when the first token of its chain was issued. What was bought with a refresh token is
 * renewed with that alone, so that it cannot outlive its family.
 */
export function renewableSeconds(context: GateContext, record: TokenRecord): number | undefined {
  const { createdAt, expiresAt, family, firstIssuedAt = createdAt } = record
  const { minLifetimeSeconds, maxLifetimeSeconds } = context.options.tokens
  if (context.options.tokenRenewal !== 'offer' || family !== undefined) return undefined
  const issuedAt = Math.floor(createdAt / 1000) * 1000
  const now = context.clock()
  if (now < expiresAt - (expiresAt - issuedAt) / 5) return undefined
  const endsAt = firstIssuedAt + maxLifetimeSeconds * 1000
  const seconds = Math.min((expiresAt - issuedAt) / 1000, Math.floor((endsAt - now) / 1000))
  return seconds >= minLifetimeSeconds ? seconds : undefined
}

const CLOCK_SKEW_MS = 30_000

/**
 * Proves an access token of this gate: structure, pinned algorithm, signature, `typ`, `iss`, `aud`, lifetime. Says
 * nothing about revocation or bans. Refused with `token_malformed`, `token_invalid` or `token_expired`.
 * `nbf` and `iat` may lie at most 30 s ahead of our clock; `exp` gets no grace.
 */
export function verifyToken(
  context: GateContext,
  compact: string,
): Outcome<TokenClaims> | Promise<Outcome<TokenClaims>> {
  const known = context.proofs.get(compact)
  return known ? withinLifetime(known, context.clock()) : verifySignature(context, compact)
}

async function verifySignature(context: GateContext, compact: string): Promise<Outcome<TokenClaims>> {
  let verified: Awaited<ReturnType<GateContext['keys']['verify']>>
  try {
    verified = await context.keys.verify(compact)
  } catch (error) {
    return refused(isMalformed(error) ? 'token_malformed' : 'token_invalid')
  }
  if (!isAccessTokenType(verified.protectedHeader.typ)) return refused('token_invalid')
  const payload = parseJsonObject(verified.payload)
  if (!payload) return refused('token_malformed')
  const claims = readClaims(payload, context)
  if (!claims) return refused('token_invalid')
  const proof = { ok: true, value: claims } as const
  const outcome = withinLifetime(proof, context.clock())
  if (outcome.ok) context.proofs.set(compact, proof)
  return outcome
}

/** The proof itself where it counts: it is the answer to every request with the token. */
function withinLifetime(proof: TokenProof, now: Millis): Outcome<TokenClaims> {
  const { expiresAt, notBefore, issuedAt } = proof.value
  if (now >= expiresAt) return refused('token_expired')
  return now + CLOCK_SKEW_MS < Math.max(notBefore, issuedAt) ? refused('token_invalid') : proof
}

/** RFC 9068 §4: `application/at+jwt` is the long spelling; media types ignore case. */
function isAccessTokenType(typ: unknown): boolean {
  return typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '') === ACCESS_TOKEN_TYPE
}

function readClaims(payload: Record<string, unknown>, context: GateContext): TokenClaims | undefined {
  const { iss, aud, sub, jti, client_id: clientId, iat, exp, nbf = iat, scope = '' } = payload
  const audiences = Array.isArray(aud) ? aud : [aud]
  if (iss !== context.options.issuer || !audiences.includes(context.options.audience)) return undefined
  if (typeof sub !== 'string' || canonicalEmail(sub) !== sub) return undefined
  if (typeof jti !== 'string' || jti === '' || typeof scope !== 'string') return undefined
  if (clientId !== undefined && typeof clientId !== 'string') return undefined
  if (!isInstant(iat) || !isInstant(exp) || !isInstant(nbf)) return undefined
  return freezeDeeply({
    accountId: sub,
    partition: context.partitionOf(sub),
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
