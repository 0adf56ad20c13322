import type { Issued } from '../authentication/judge.js'
import type { GateContext } from '../context/context.js'
import { parseJsonObject } from '../jws/strict-json.js'
import type { GrantName } from '../plugin/hooks.js'
import { collection, count, hasShape, instant, optional, text, texts } from '../store/collection.js'
import type { Millis } from '../store/store.js'
import type { AccessToken } from '../tokens/issue.js'

/** The kind of JWT that only the token endpoint takes. */
export const REFRESH_TOKEN_TYPE = 'rt+jwt'

/**
 * A family of refresh tokens: every refresh spends the newest one for its successor (RFC 9700 §4.14.2). The tokens are
 * stored nowhere, only how often the family was refreshed, and what the last refresh handed out.
 */
export interface RefreshFamily {
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly createdAt: Millis
  readonly generation: number
  /** The number of the one token that is not spent. */
  readonly turn: number
  readonly turnedAt: Millis
  /** The access token that came with it. */
  readonly access: AccessToken
  /** The family is over: kept until it would have expired, so that whoever asks knows that it did not just expire. */
  readonly endedAt?: Millis
}

/** What a refresh token says of itself. */
export interface RefreshClaims {
  readonly accountId: string
  readonly familyId: string
  readonly turn: number
}

const isAccessToken = hasShape<AccessToken>({
  id: text,
  scopes: texts,
  createdAt: instant,
  expiresAt: instant,
})

export const families = collection<RefreshFamily>(
  'refresh',
  {
    clientId: text,
    scopes: texts,
    createdAt: instant,
    generation: count,
    turn: count,
    turnedAt: instant,
    access: isAccessToken,
    endedAt: optional(instant),
  },
  'family of refresh tokens',
)

export function issuedAsFamily(partition: string, family: RefreshFamily | undefined): Issued {
  return {
    partition,
    issuedAt: family?.turnedAt,
    isAbsent: family === undefined,
    isEnded: family?.endedAt !== undefined,
    ...(family && { tokenGeneration: family.generation }),
    needsFreshLogin: true,
  }
}

/** Whether a family was ended, as long as that is remembered. */
export async function isFamilyEnded(context: GateContext, { partition, id }: GrantName): Promise<boolean> {
  const [stored] = await context.store.read(partition, [families.key(id)])
  return stored !== undefined && families.read(stored).endedAt !== undefined
}

export function signRefreshToken(
  context: GateContext,
  { accountId, familyId, turn }: RefreshClaims,
  { issuedAt, expiresAt }: { issuedAt: Millis; expiresAt: Millis },
): Promise<string> {
  const { issuer } = context.options
  const claims = { iss: issuer, aud: issuer, sub: accountId, jti: familyId, turn }
  const instants = { iat: Math.floor(issuedAt / 1000), exp: Math.floor(expiresAt / 1000) }
  return context.keys.sign({ ...claims, ...instants }, REFRESH_TOKEN_TYPE)
}

/** Proves a refresh token; undefined for anything else. Whether it was spent, only the family knows. */
export async function proveRefreshToken(
  context: GateContext,
  compact: string,
): Promise<RefreshClaims | undefined> {
  const verified = await context.keys.verify(compact).catch(() => undefined)
  if (verified?.protectedHeader.typ !== REFRESH_TOKEN_TYPE) return undefined
  const { iss, aud, sub, jti, turn, exp } = parseJsonObject(verified.payload) ?? {}
  if (iss !== context.options.issuer || aud !== context.options.issuer) return undefined
  if (typeof sub !== 'string' || typeof jti !== 'string' || typeof turn !== 'number') return undefined
  if (typeof exp !== 'number' || exp * 1000 <= context.clock()) return undefined
  return { accountId: sub, familyId: jti, turn }
}
