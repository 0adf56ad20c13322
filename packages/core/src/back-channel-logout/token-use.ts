import type { LogoutToken } from '../login/identity-provider.js'
import type { PluginContext } from '../plugin/context.js'
import type { PluginRecords } from '../plugin/records.js'
import { collection, present } from '../store/collection.js'
import type { Millis } from '../store/store.js'

const OLDEST_MS = 600_000
const CLOCK_SKEW_MS = 30_000
/** In one place of the same name. */
export const spentLogoutTokens = collection<true>('logout-tokens', present)

/** Made within the last ten minutes and not expired, by clocks that differ by at most 30 s. */
export function isTimely({ issuedAt, expiresAt }: LogoutToken, now: Millis): boolean {
  const isRecent = issuedAt <= now + CLOCK_SKEW_MS && now <= issuedAt + OLDEST_MS + CLOCK_SKEW_MS
  return isRecent && (expiresAt === undefined || now < expiresAt + CLOCK_SKEW_MS)
}

type Context = Pick<PluginContext, 'partitionOf' | 'records'>

export async function isSpent(context: Context, token: LogoutToken): Promise<boolean> {
  const [found] = await recordsOf(context).read([spentLogoutTokens.key(idOf(context, token))])
  return found !== undefined
}

/** One winner: false when the token was spent before. Kept until the token would be too old anyway. */
export async function spend(context: Context, token: LogoutToken): Promise<boolean> {
  const id = idOf(context, token)
  const result = await recordsOf(context).commit({
    checks: [{ key: spentLogoutTokens.key(id), version: null }],
    writes: [spentLogoutTokens.put(id, true, { expiresAt: token.issuedAt + OLDEST_MS + 2 * CLOCK_SKEW_MS })],
  })
  return result.committed
}

function recordsOf(context: Context): PluginRecords {
  return context.records({ place: spentLogoutTokens.name })
}

function idOf(context: Context, { issuer, id }: LogoutToken): string {
  return context.partitionOf(`logout-token\u0000${issuer}\u0000${id}`)
}
