import type { GateContext } from '../context/context.js'
import { type Denial, denial } from '../errors/denial.js'
import { done, type Outcome } from '../errors/outcome.js'
import { commitUnderStanding } from '../standing/change.js'
import { STANDING, standingOf } from '../standing/standing.js'
import type {
  Check,
  CommitResult,
  JsonValue,
  Page,
  PageQuery,
  RecordKey,
  SortRange,
  StoredRecord,
  Write,
} from '../store/store.js'
import { RACED } from '../store/update.js'
import type { ChangePurpose } from './collection.js'
import { conditionsOf, type OnceOfPlugin } from './once.js'
import { type StandingOfAccount, standingOfAccount } from './standing.js'

/** What one commit of a plugin changes: all of it, or nothing. */
export interface RecordBatch extends ChangePurpose {
  readonly checks?: readonly Check[]
  /** Applied in order; a later write sees an earlier one. */
  readonly writes: readonly Write[]
  /** Keeps what a request has created, sealed, for whoever sends it again. Checked after `checks`, written after `writes`. */
  readonly once?: { readonly of: OnceOfPlugin; readonly created: JsonValue }
}

/** A commit that the standing of an account has to let pass. */
export interface BatchUnderStanding extends Omit<RecordBatch, 'writes'> {
  /** Why it may not be, beside `account_banned`. Asked again when the standing has changed meanwhile. */
  readonly refuse?: (standing: StandingOfAccount) => Denial | undefined
  readonly writes: (standing: StandingOfAccount) => readonly Write[]
  /** The answer when a write of `writes` would pass its `atMost`. Default: `rate_limited`. */
  readonly beyond?: Denial
}

/** Records of an account as they are now, with how it stands: read in one step. */
export interface RecordsUnderStanding {
  readonly standing: StandingOfAccount
  /** In the order of the keys. */
  readonly records: readonly (StoredRecord | undefined)[]
}

/**
 * Several records of one plugin in one place, of whichever of its collections are there. Every method is one atomic step and
 * rejects with `store_unavailable` rather than guess. A key names a collection as the plugin does; one that is none of its
 * collections, or not of this place, is a `TypeError`.
 */
export interface PluginRecords {
  /** In the order of the keys; undefined for what is not there. */
  read(keys: readonly RecordKey[]): Promise<readonly (StoredRecord | undefined)[]>
  /** Rejects with `RangeError` for a limit beyond 1000 or a cursor that is none of its own. */
  page(collection: string, query: PageQuery): Promise<Page>
  /** How many live records of a collection sort within a range. */
  count(collection: string, range?: SortRange): Promise<number>
  /** Every live record of a collection, newest sort first, read a page at a time. */
  walk(collection: string): AsyncIterable<StoredRecord>
  /** Applies every write, or none where a check fails or an `add` would pass its limit. */
  commit(batch: RecordBatch): Promise<CommitResult>
}

/** Records about one account. */
export interface PluginRecordsOfAccount extends PluginRecords {
  readUnderStanding(keys: readonly RecordKey[]): Promise<RecordsUnderStanding>
  /**
   * Commits only while the standing is the one that let it pass, so that of a ban that comes meanwhile and the commit one is
   * first, and the ban finds what was committed. Answers the standing; `RACED` when one of `checks`, or another request of
   * the same `once`, was faster: read again. A store that is full takes no such commit, also where it `isRevocation`. Refused with `account_banned`, by `refuse`, or with `rate_limited`.
   */
  commitUnderStanding(batch: BatchUnderStanding): Promise<Outcome<StandingOfAccount> | typeof RACED>
}

/** Where the records are, and what the names of the plugin are there. */
export interface RecordsPlace {
  readonly partition: string
  readonly isQuiet: boolean
  readonly isOfAccount: boolean
  /** Throws a `TypeError` for a collection that is not the plugin's, or not in this place. */
  readonly storedName: (collection: string) => string
}

export function bindRecords(gate: GateContext, place: RecordsPlace): PluginRecordsOfAccount {
  const { partition, storedName, isQuiet: quiet, isOfAccount } = place
  const stored = ({ collection, id }: RecordKey): RecordKey => ({ collection: storedName(collection), id })
  const checked = ({ key, version }: Check): Check => ({ key: stored(key), version })
  const written = (write: Write): Write => {
    if ('put' in write) return { ...write, put: stored(write.put) }
    return 'add' in write ? { ...write, add: stored(write.add) } : { delete: stored(write.delete) }
  }
  const requireAccount = () => {
    if (!isOfAccount) throw new TypeError('these records are about no account, which alone has a standing')
  }
  const read = async (keys: readonly RecordKey[]) => gate.store.read(partition, keys.map(stored))
  const page = async (collection: string, query: PageQuery) =>
    gate.store.page(partition, storedName(collection), query)

  return {
    read,
    page,
    count: async (collection, range) => gate.store.count(partition, storedName(collection), range),
    async *walk(collection) {
      let cursor: string | undefined
      do {
        const query = { limit: WALKED_AT_ONCE, order: 'descending' } as const
        const { records, nextCursor } = await page(
          collection,
          cursor === undefined ? query : { ...query, cursor },
        )
        yield* records
        cursor = nextCursor
      } while (cursor !== undefined)
    },
    async commit({ checks = [], writes, isRevocation = false, once }) {
      const kept = conditionsOf(partition, once)
      return gate.store.commit(partition, {
        ...(quiet && { quiet }),
        ...(isRevocation && { confirm: true, essential: true }),
        checks: [...checks.map(checked), ...kept.checks],
        writes: [...writes.map(written), ...kept.writes],
      })
    },
    async readUnderStanding(keys) {
      requireAccount()
      const [standing, ...records] = await gate.store.read(partition, [STANDING, ...keys.map(stored)])
      return { standing: standingOfAccount(gate, partition, standingOf(standing)), records }
    },
    async commitUnderStanding({ refuse, checks = [], writes, isRevocation = false, once, beyond }) {
      requireAccount()
      const kept = conditionsOf(partition, once)
      const by = (standing: Parameters<typeof standingOfAccount>[2]) =>
        standingOfAccount(gate, partition, standing)
      let isRefused = false
      const committed = await commitUnderStanding(
        gate,
        partition,
        (standing) => {
          const refusal = by(standing).refuseNew() ?? refuse?.(by(standing))
          isRefused = refusal !== undefined
          return refusal
        },
        (standing) => [...writes(by(standing)).map(written), ...kept.writes],
        {
          checks: [...checks.map(checked), ...kept.checks],
          beyond: (write) =>
            write !== undefined && kept.writes.includes(write)
              ? kept.beyond
              : (beyond ?? denial('rate_limited')),
          confirm: isRevocation,
        },
      )
      if (committed.ok) return done(by(committed.value))
      const isRaced = !isRefused && committed.denial.code === 'grant_invalid'
      return isRaced ? RACED : committed
    },
  }
}

const WALKED_AT_ONCE = 200
