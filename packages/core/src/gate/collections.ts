import { entries } from '../account-index/account-index.js'
import { rosters } from '../accounts/last-super-admin.js'
import { tokenUses } from '../activity/touch.js'
import { checkpoints } from '../audit/checkpoint.js'
import { auditEntries, heads } from '../audit/entry.js'
import { pruningLeases } from '../audit/prune.js'
import { idempotentRequests, idempotentResults } from '../idempotency/once.js'
import { completedLogins } from '../login/complete.js'
import { authorizationCodes } from '../oauth/authorization-code.js'
import { spentCodes } from '../oauth/redeem-approval.js'
import { families } from '../oauth/refresh-token.js'
import { rateLimitCounts } from '../rate-limit/limiter.js'
import { endedSessions, sessionRecords } from '../sessions/session.js'
import { liveRecords } from '../standing/live-counts.js'
import { standings } from '../standing/standing.js'
import { tokensCounted } from '../tokens/cap.js'
import { tokenRecords } from '../tokens/token.js'
import { sealedRootKeys } from './root-keys.js'
import { jobLeases, jobRuns } from './run-jobs.js'

type Names = readonly { readonly name: string }[]

/**
 * Every collection of core, by the partitions that it is in, but for those that plugins declare. That of an account is named
 * by a keyed hash. There is one `live-…` for each generation.
 */
export const COLLECTIONS: Readonly<Record<string, Names>> = {
  account: [
    standings,
    tokenRecords,
    tokensCounted,
    tokenUses,
    liveRecords('tokens', 0),
    sessionRecords,
    endedSessions,
    liveRecords('sessions', 0),
    families,
    spentCodes,
    idempotentResults,
    idempotentRequests,
  ],
  directory: [...Object.values(entries), rosters],
  audit: [auditEntries, heads, checkpoints, pruningLeases],
  'authorization-codes': [authorizationCodes],
  logins: [completedLogins],
  'rate-limits': [rateLimitCounts],
  'plugin-jobs': [jobLeases, jobRuns],
  /** The root keys, the format of the store, the lease of its migration and the readiness probe, by their ids. */
  gate: [sealedRootKeys],
}
