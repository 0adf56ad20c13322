import { setTimeout as pause } from 'node:timers/promises'
import type { GateEvent } from '../context/event.js'
import type { ResolvedOptions } from '../context/options.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { collection, count, optional, text } from '../store/collection.js'
import type { Clock, Store } from '../store/store.js'
import { optimistically, RACED } from '../store/update.js'
import { PLACES } from './root-keys.js'

export interface MigrationContext {
  /** Each call answers within the store's deadline or rejects. */
  readonly store: Store
  readonly partitionOf: (account: string) => string
  /** To be awaited between commits: rejects with `store_unavailable` once another process may have taken over. */
  readonly keepLease: () => Promise<void>
}

/**
 * Takes a store from one format to the next. Runs in one process at a time, and again from its beginning after a kill or
 * a failure, or after the store has lost its number: what is in the newer format already has to stay as it is. Each of
 * its commits checks the versions that it has read, since a process that was stopped may wake up beside its successor.
 *
 * The records of an account are in a partition that only its name leads to, and an account need not be in any list: what
 * changes in those is changed as they are read, and for them the number only keeps older gates away.
 */
export type Migration = (context: MigrationContext) => Promise<void>

/** The first takes a store from format 1 to 2, and so on. */
const MIGRATIONS: readonly Migration[] = []

interface StoreFormat {
  readonly format: number
  /** A migration to this format has begun: gates of an older one can no longer open the store. */
  readonly migratingTo?: number
}

/** Beside the root keys, and like them in several partitions, since each slot of a Redis Cluster can be lost on its own. */
export const storeFormats = collection<StoreFormat>(
  'gate',
  { format: count, migratingTo: optional(count) },
  'format of the store',
)
const RECORD = storeFormats.key('format')

/** The process that migrates. */
const migrationLeases = collection<string>('gate', text, 'lease of a migration')
const LEASE = migrationLeases.key('migration')
const [LEASE_PLACE] = PLACES

const LEASE_MS = 30_000
const LOOK_AGAIN_MS = 250
/** For so long a process that starts waits for another one's migration; then it fails, to be started again. */
const WAIT_MS = 60_000

export interface StoreFormatContext {
  readonly options: Pick<ResolvedOptions, 'storeDeadlineMs'>
  readonly store: Store
  readonly clock: Clock
  readonly randomId: (bytes: number) => string
  readonly partitionOf: (account: string) => string
  readonly report: (event: GateEvent) => void
  readonly migrations?: readonly Migration[]
  readonly waitMs?: number
}

/** The newest format that a gate with these migrations opens. */
export function newestFormat(migrations: readonly Migration[] = MIGRATIONS): number {
  return 1 + migrations.length
}

/**
 * Refuses a store that a newer version has written, before anything is written to it. Rejects with
 * `configuration_invalid`.
 */
export async function requireKnownFormat(
  store: Store,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const newest = newestFormat(migrations)
  const { format, migratingTo = format } = await readFormat(store)
  const needed = Math.max(format, migratingTo)
  if (needed <= newest) return
  const problem = `store: it has format ${needed}, and this version opens formats 1 to ${newest}; start the version that wrote it or a newer one`
  throw new PortcullisError('configuration_invalid', `The gate cannot start: ${problem}`, {
    problems: [problem],
  })
}

/** Whether a newer version has migrated the store since this process began. */
export async function isOfNewerFormat(store: Store): Promise<boolean> {
  const [record] = await store.read(LEASE_PLACE, [RECORD])
  if (!record) return false
  const { format, migratingTo = format } = storeFormats.read(record)
  return Math.max(format, migratingTo) > newestFormat()
}

/**
 * Brings a store to the newest format, by one process at a time; others wait for it. A store without a number has format
 * 1, as every store had before there was one. Rejects with `store_unavailable` when the store fails or another process
 * takes longer than a minute; whoever starts next goes on.
 */
export async function migrateStore(context: StoreFormatContext): Promise<void> {
  const { store, migrations = MIGRATIONS, waitMs = WAIT_MS } = context
  const newest = newestFormat(migrations)
  const deadline = performance.now() + waitMs
  for (;;) {
    await requireKnownFormat(store, migrations)
    const { format } = await readFormat(store)
    if (format === newest) return writeFormat(context, { format })
    if (await migrateUnderLease(context, newest)) return
    if (performance.now() >= deadline)
      throw new PortcullisError('store_unavailable', 'Another process migrates the store')
    await pause(LOOK_AGAIN_MS)
  }
}

/** False while another process has the lease. */
async function migrateUnderLease(context: StoreFormatContext, newest: number): Promise<boolean> {
  const { store, migrations = MIGRATIONS, partitionOf, report } = context
  const lease = await takeLease(context)
  if (!lease) return false
  try {
    // Another process may have migrated it before the lease was taken.
    const before = (await readFormat(store)).format
    for (let format = before; format < newest; format++) {
      await writeFormat(context, { format, migratingTo: format + 1 })
      await migrations[format - 1]?.({ store, partitionOf, keepLease: lease.keep })
      await lease.keep()
      await writeFormat(context, { format: format + 1 })
    }
    if (before < newest)
      report({
        level: 'info',
        code: 'store_migrated',
        detail: `The store was migrated from format ${before} to ${newest}: older versions cannot open it any more`,
      })
    return true
  } finally {
    await lease.release()
  }
}

/** What the places of the number say together: a migration that one of them has seen the end of is over. */
async function readFormat(store: Store): Promise<StoreFormat> {
  const found = await Promise.all(PLACES.map((place) => store.read(place, [RECORD])))
  const formats = found.flatMap(([record]) => (record ? [storeFormats.read(record)] : []))
  const format = Math.max(1, ...formats.map((one) => one.format))
  const migratingTo = Math.max(...formats.map((one) => one.migratingTo ?? 0), 0)
  return migratingTo > format ? { format, migratingTo } : { format }
}

/** Writes the number wherever none or a lower one is: a process that was overtaken takes nothing back. */
async function writeFormat(context: StoreFormatContext, format: StoreFormat): Promise<void> {
  const { store } = context
  await Promise.all(
    PLACES.map((place) =>
      optimistically(context, 'The format of the store changed too often to be written', async () => {
        const [record] = await store.read(place, [RECORD])
        if (record && isAtLeast(storeFormats.read(record), format)) return undefined
        const result = await store.commit(place, {
          quiet: true,
          checks: [{ key: RECORD, version: record?.version ?? null }],
          writes: [storeFormats.put(RECORD.id, format)],
        })
        return result.committed ? undefined : RACED
      }),
    ),
  )
}

function isAtLeast(found: StoreFormat, { format, migratingTo = 0 }: StoreFormat): boolean {
  return found.format > format || (found.format === format && (found.migratingTo ?? 0) >= migratingTo)
}

interface Lease {
  readonly keep: () => Promise<void>
  /** Never rejects: a lease that is not given back expires. */
  readonly release: () => Promise<void>
}

async function takeLease({ store, clock, randomId }: StoreFormatContext): Promise<Lease | undefined> {
  const owner = randomId(16)
  const write = (version: string | null) =>
    store.commit(LEASE_PLACE, {
      quiet: true,
      checks: [{ key: LEASE, version }],
      writes: [migrationLeases.put(LEASE.id, owner, { expiresAt: clock() + LEASE_MS })],
    })
  const findOwn = async () => {
    const [record] = await store.read(LEASE_PLACE, [LEASE])
    return record && migrationLeases.read(record) === owner ? record : undefined
  }
  if (!(await write(null)).committed) return undefined
  let renewedAt = performance.now()
  return {
    async keep() {
      if (performance.now() - renewedAt < LEASE_MS / 3) return
      const own = await findOwn()
      if (!own || !(await write(own.version)).committed)
        throw new PortcullisError('store_unavailable', 'Another process has taken over the migration')
      renewedAt = performance.now()
    },
    async release() {
      try {
        const own = await findOwn()
        if (!own) return
        await store.commit(LEASE_PLACE, {
          quiet: true,
          checks: [{ key: LEASE, version: own.version }],
          writes: [migrationLeases.delete(LEASE.id)],
        })
      } catch {}
    },
  }
}
