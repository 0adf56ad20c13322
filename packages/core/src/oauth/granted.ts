import type { GateContext } from '../context/context.js'
import type { Millis } from '../store/store.js'
import { signAccessToken } from '../tokens/issue.js'
import { type RefreshFamily, signRefreshToken } from './refresh-token.js'

/** What the token endpoint answers (RFC 6749 §5.1). */
export interface GrantedTokens {
  readonly accessToken: string
  readonly expiresInSeconds: number
  readonly refreshToken: string
  readonly scopes: readonly string[]
}

/** What a family handed out last. The same each time, but for signatures that differ each time by their algorithm. */
export async function lastGranted(
  context: GateContext,
  from: {
    accountId: string
    familyId: string
    family: Pick<RefreshFamily, 'clientId' | 'access' | 'turn' | 'turnedAt'>
    /** Of the refresh token. */
    expiresAt: Millis
  },
): Promise<GrantedTokens> {
  const { accountId, familyId, family, expiresAt } = from
  const { clientId, access, turn, turnedAt } = family
  const [accessToken, refreshToken] = await Promise.all([
    signAccessToken(context, accountId, access, clientId),
    signRefreshToken(context, { accountId, familyId, turn }, { issuedAt: turnedAt, expiresAt }),
  ])
  const now = Math.floor(context.clock() / 1000)
  const expiresInSeconds = Math.max(0, access.expiresAt / 1000 - now)
  return { accessToken, expiresInSeconds, refreshToken, scopes: access.scopes }
}
