import type { Deps } from '../deps.js'
import type { Millis, RecordKey, StoredRecord } from '../store/store.js'
import { parseJsonObject } from '../tokens/json.js'

/** The kind of JWT that only the token endpoint takes. */
const REFRESH_TOKEN_TYPE = 'rt+jwt'

/**
 * A family of refresh tokens: every refresh spends the newest one for its successor (RFC 9700 §4.14.2). The tokens are
 * stored nowhere, only how often the family was refreshed.
 */
export interface RefreshFamily {
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly createdAt: Millis
  readonly generation: number
  /** The number of the one token that is not spent. */
  readonly turn: number
  readonly turnedAt: Millis
}

/** What a refresh token says of itself. */
export interface RefreshClaims {
  readonly accountId: string
  readonly familyId: string
  readonly turn: number
}

export function familyKey(id: string): RecordKey {
  return { collection: 'refresh', id }
}

export function familyOf(stored: StoredRecord): RefreshFamily {
  return stored.value as unknown as RefreshFamily
}

export function signRefreshToken(
  deps: Deps,
  { accountId, familyId, turn }: RefreshClaims,
  expiresAt: Millis,
): Promise<string> {
  const { issuer } = deps.options
  const claims = { iss: issuer, aud: issuer, sub: accountId, jti: familyId, turn }
  const now = Math.floor(deps.clock() / 1000)
  return deps.keys.sign({ ...claims, iat: now, exp: Math.floor(expiresAt / 1000) }, REFRESH_TOKEN_TYPE)
}

/** Proves a refresh token; undefined for anything else. Whether it was spent, only the family knows. */
export async function proveRefreshToken(deps: Deps, compact: string): Promise<RefreshClaims | undefined> {
  const verified = await deps.keys.verify(compact).catch(() => undefined)
  if (verified?.protectedHeader.typ !== REFRESH_TOKEN_TYPE) return undefined
  const { iss, aud, sub, jti, turn, exp } = parseJsonObject(verified.payload) ?? {}
  if (iss !== deps.options.issuer || aud !== deps.options.issuer) return undefined
  if (typeof sub !== 'string' || typeof jti !== 'string' || typeof turn !== 'number') return undefined
  if (typeof exp !== 'number' || exp * 1000 <= deps.clock()) return undefined
  return { accountId: sub, familyId: jti, turn }
}
