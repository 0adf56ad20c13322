import type { Deps } from '../context/context.js'
import { isFromBeforeLoss } from '../data-loss/from-before-loss.js'
import { type Denial, denial } from '../errors/denials.js'
import { activeBan, type Standing } from '../standing/standing.js'
import type { Millis } from '../store/store.js'

/** Refuses a program's credential whose owner has not logged in for longer than the options let it live on. */
export function refuseStaleLogin(deps: Deps, { authenticatedAt }: Standing): Denial | undefined {
  const { requireFreshLoginSeconds, publicUrl } = deps.options
  if (requireFreshLoginSeconds === undefined) return undefined
  if (deps.clock() < (authenticatedAt ?? 0) + requireFreshLoginSeconds * 1000) return undefined
  return denial('login_stale', {
    detail: `Log in again at ${publicUrl}/oauth2/start: credentials of programs work for ${requireFreshLoginSeconds} seconds after a login.`,
  })
}

/** What is known of something that was issued: a credential, a grant, an approval. */
export interface Issued {
  readonly partition: string
  /** Undefined where neither the record nor the credential tells. */
  readonly issuedAt: Millis | undefined
  /** No record of it is left. */
  readonly isAbsent?: boolean
  /** It was taken back by itself. */
  readonly isEnded?: boolean
  /** The generations of the account under which it was issued, as far as it ends with them. */
  readonly sessionGeneration?: number
  readonly tokenGeneration?: number
}

export type Fate = 'live' | 'banned' | 'lost' | 'absent' | 'ended'

/**
 * What has become of something that was issued, under the account's standing: banned or deactivated, then from before a
 * loss of data, then absent, then ended by itself or with its generation. Ask after the records were read.
 */
export function fateOf(deps: Deps, standing: Standing, issued: Issued): Fate {
  if (activeBan(standing, deps.clock())) return 'banned'
  const { partition, issuedAt, sessionGeneration, tokenGeneration } = issued
  if (issuedAt !== undefined && isFromBeforeLoss(deps, partition, issuedAt)) return 'lost'
  if (issued.isAbsent) return 'absent'
  if (issued.isEnded) return 'ended'
  if (sessionGeneration !== undefined && sessionGeneration !== standing.sessionGeneration) return 'ended'
  if (tokenGeneration !== undefined && tokenGeneration !== standing.tokenGeneration) return 'ended'
  return 'live'
}

/**
 * Why nothing may be handed out any more for a refresh token, a code or an approval: `account_banned`, `grant_invalid`,
 * at last `login_stale`.
 */
export function refuseGrant(deps: Deps, standing: Standing, issued: Issued): Denial | undefined {
  const fate = fateOf(deps, standing, issued)
  if (fate === 'banned') return denial('account_banned')
  return fate === 'live' ? refuseStaleLogin(deps, standing) : denial('grant_invalid')
}
