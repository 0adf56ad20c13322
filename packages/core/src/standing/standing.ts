import { WITHOUT_END } from '../context/limits.js'
import { collection, count, hasShape, instant, optional, text, truth } from '../store/collection.js'
import type { Millis, Put, RecordKey, Store, StoredRecord } from '../store/store.js'

export interface Ban {
  readonly at: Millis
  readonly until: Millis
  readonly by: string
  readonly reason: string
  /** The tokens come back to life when the ban ends. */
  readonly keepTokens: boolean
}

/**
 * What an account may do right now: the one record that every decision reads.
 *
 * Sessions and tokens carry the generation under which they were issued and live only while it is the current one, so
 * that ending all of them is one write, whatever their number and whatever the clocks of the machines say.
 */
export interface Standing {
  readonly sessionGeneration: number
  readonly tokenGeneration: number
  /** What carries no generation, such as tokens of trusted issuers, is dead when it was issued at or before this. */
  readonly foreignNotBefore?: Millis
  /** When the account last logged in at the identity provider. */
  readonly authenticatedAt?: Millis
  /** The groups of that login made it one that only reads. */
  readonly isViewer?: boolean
  readonly ban?: Ban
  /** The directory has taken the account out of service; no ban, so that neither lifts or shortens the other. */
  readonly deactivatedAt?: Millis
  /** No login before this, after a forced logout. */
  readonly reloginAfter?: Millis
}

const BLANK: Standing = { sessionGeneration: 0, tokenGeneration: 0 }

/** One record in the partition of an account. */
export const standings = collection<Standing>('standing', {
  sessionGeneration: count,
  tokenGeneration: count,
  foreignNotBefore: optional(instant),
  authenticatedAt: optional(instant),
  ban: optional(hasShape<Ban>({ at: instant, until: instant, by: text, reason: text, keepTokens: truth })),
  deactivatedAt: optional(instant),
  reloginAfter: optional(instant),
})

export const STANDING: RecordKey = standings.key('standing')

/** An account without a record has done nothing yet. Throws `store_unavailable` for a record that cannot be read. */
export function standingOf(record: StoredRecord | undefined): Standing {
  return record ? standings.read(record) : BLANK
}

/** The name of the directory (SCIM) in the audit log. No e-mail, so no account can have it. */
const DIRECTORY_SERVICE = 'scim'

/** What keeps the account from doing anything at `now`: a deactivation, which is a ban without end, or a ban. */
export function activeBan(standing: Standing, now: Millis): Ban | undefined {
  const { deactivatedAt: at } = standing
  if (at === undefined) return imposedBan(standing, now)
  const reason = 'Deactivated by the directory.'
  return { at, until: WITHOUT_END, by: DIRECTORY_SERVICE, reason, keepTokens: false }
}

/** The ban of an administrator that is in force at `now`. */
export function imposedBan({ ban }: Standing, now: Millis): Ban | undefined {
  return ban && ban.until > now ? ban : undefined
}

/** From here on everything that programs had been issued is dead. */
export function withoutTokens(standing: Standing, now: Millis): Standing {
  // A clock that was set back must not revive anything.
  const foreignNotBefore = Math.max(now, standing.foreignNotBefore ?? 0)
  return { ...standing, tokenGeneration: standing.tokenGeneration + 1, foreignNotBefore }
}

/** From here on every session that had been started is dead. */
export function withoutSessions(standing: Standing): Standing {
  return { ...standing, sessionGeneration: standing.sessionGeneration + 1 }
}

/** Whether the groups of the last login leave the account nothing but reading; never once no group is mapped any more. */
export function isViewer(
  { options: { roleByGroup } }: { readonly options: { readonly roleByGroup: ReadonlyMap<string, unknown> } },
  standing: Standing,
): boolean {
  return standing.isViewer === true && roleByGroup.size > 0
}

interface WithStore {
  readonly store: Store
}

export interface CurrentStanding {
  readonly standing: Standing
  readonly version: string | null
}

export async function readStanding({ store }: WithStore, partition: string): Promise<CurrentStanding> {
  const [record] = await store.read(partition, [STANDING])
  return { standing: standingOf(record), version: record?.version ?? null }
}

/** In no collection that the near cache keeps. */
const PAST_NEAR_CACHE: RecordKey = { collection: 'standing-as-stored', id: '' }

/** As `readStanding`, but never from the near cache, which learns a moment later what another process has changed. */
export async function readStoredStanding({ store }: WithStore, partition: string): Promise<Standing> {
  const [record] = await store.read(partition, [STANDING, PAST_NEAR_CACHE])
  return standingOf(record)
}

/** A standing has no deadline: forgetting its generations would bring the dead back. */
export function putStanding(standing: Standing): Put {
  return standings.put(STANDING.id, standing)
}
