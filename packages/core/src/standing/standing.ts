import type { Deps } from '../deps.js'
import type { JsonValue, Millis, RecordKey, StoredRecord } from '../store/store.js'

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
  readonly ban?: Ban
  /** No login before this, after a forced logout. */
  readonly reloginAfter?: Millis
}

export const STANDING: RecordKey = { collection: 'standing', id: 'standing' }

const BLANK: Standing = { sessionGeneration: 0, tokenGeneration: 0 }

export function standingOf(record: StoredRecord | undefined): Standing {
  return record ? (record.value as unknown as Standing) : BLANK
}

/** The ban that is in force at `now`. */
export function activeBan(standing: Standing, now: Millis): Ban | undefined {
  return standing.ban && standing.ban.until > now ? standing.ban : undefined
}

export interface CurrentStanding {
  readonly standing: Standing
  readonly version: string | null
}

export async function readStanding(deps: Deps, partition: string): Promise<CurrentStanding> {
  const [record] = await deps.store.read(partition, [STANDING])
  return { standing: standingOf(record), version: record?.version ?? null }
}

/** A standing has no deadline: forgetting its generations would bring the dead back. */
export function standingAsJson(standing: Standing): JsonValue {
  return standing as unknown as JsonValue
}
