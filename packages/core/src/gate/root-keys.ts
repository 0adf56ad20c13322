import { entries, INDEX, type IndexName } from '../account-index/account-index.js'
import { partitionOf } from '../accounts/account-id.js'
import type { GateEvent } from '../context/event.js'
import { createSealer, deriveKey, type Sealer } from '../crypto/seal.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { collection, text } from '../store/collection.js'
import type { Store, StoredRecord } from '../store/store.js'

/** What records are found and chained by. They stay as they are for the life of the store, whatever the secrets become. */
export interface RootKeys {
  /** Names the partitions of accounts. */
  readonly partition: Uint8Array
  /** Keys the audit chain. */
  readonly audit: Uint8Array
}

export interface RootKeysContext {
  readonly store: Store
  /** Newest first. */
  readonly secrets: readonly [string, ...string[]]
  readonly report: (event: GateEvent) => void
}

/** Sealed. */
export const sealedRootKeys = collection<string>('gate', text, 'root keys')
const RECORD = sealedRootKeys.key('root-keys')
/** Sealed for this place alone. */
const CONTEXT = 'root-keys'
/** Each slot of a Redis Cluster can be lost on its own, so several hold what no gate can do without. */
export const PLACES = ['gate', 'gate-1', 'gate-2', 'gate-3', 'gate-4'] as const
const [FIRST_PLACE] = PLACES

/**
 * The root keys of a store: derived from the oldest secret when the store is new, then kept in it, sealed with the newest
 * secret, so that an older one can be retired once every process has started with the newer. Rejects with
 * `configuration_invalid` when no secret opens them, or when they are gone while accounts are still there: every
 * ban would silently not be found.
 */
export async function loadRootKeys(context: RootKeysContext): Promise<RootKeys> {
  const { store, secrets } = context
  const sealer = createSealer(secrets)
  const found = await readCopies(store)
  const opened = found.map(({ record }) => (record ? open(sealer, record) : undefined))
  const unopened = found.filter(({ record }, index) => record && !opened[index])
  if (unopened.length > 0)
    throw refusal('secret: the store was written with another secret; put the old one at the end of the list')
  const known = opened.filter((keys) => keys !== undefined)
  const [first] = known
  if (known.some((keys) => encode(keys) !== encode(first)))
    throw refusal('store: its copies of the root keys differ; records of two stores have been mixed')
  const keys = first ?? (await createRootKeys(store, secrets))
  await seal(context, keys, found)
  return keys
}

interface Copy {
  readonly place: string
  readonly record: StoredRecord | undefined
}

function readCopies(store: Store): Promise<Copy[]> {
  return Promise.all(
    PLACES.map(async (place) => {
      const [record] = await store.read(place, [RECORD])
      return { place, record }
    }),
  )
}

/** The oldest secret decides, so that the same secrets find the same records even where all copies were lost. */
async function createRootKeys(store: Store, secrets: readonly [string, ...string[]]): Promise<RootKeys> {
  const oldest = secrets.at(-1) ?? secrets[0]
  const keys: RootKeys = { partition: deriveKey(oldest, 'partition'), audit: deriveKey(oldest, 'audit') }
  await requireKeysOf(store, keys)
  const created = await store.commit(FIRST_PLACE, {
    quiet: true,
    checks: [{ key: RECORD, version: null }],
    writes: [sealedRootKeys.put(RECORD.id, createSealer([secrets[0]]).seal(CONTEXT, asJson(keys)))],
  })
  if (created.committed) return keys
  const [record] = await store.read(FIRST_PLACE, [RECORD])
  const winner = record && open(createSealer(secrets), record)
  if (!winner) throw refusal('secret: another process has just started on this store with another secret')
  return winner
}

/** Lists whose entries tell by which key their accounts are found. */
const LISTS: readonly IndexName[] = ['bans', 'sessions']

async function requireKeysOf(store: Store, { partition }: RootKeys): Promise<void> {
  for (const list of LISTS) {
    const { records } = await store.page(INDEX, list, { limit: 1 })
    for (const entry of records)
      if (!entry.id.startsWith(partitionOf(entries[list].read(entry).account, partition)))
        throw refusal(
          'secret: the store was written with another secret, and has lost the keys that it was rotated with; put the very first secret at the end of the list',
        )
  }
}

/** Seals every copy with the newest secret. One that cannot be written now will be at the next start. */
async function seal({ store, secrets, report }: RootKeysContext, keys: RootKeys, found: readonly Copy[]) {
  const newest = createSealer([secrets[0]])
  const outdated = found.filter(({ record }) => !record || !open(newest, record))
  try {
    await Promise.all(
      outdated.map(({ place, record }) =>
        store.commit(place, {
          quiet: true,
          checks: [{ key: RECORD, version: record?.version ?? null }],
          writes: [sealedRootKeys.put(RECORD.id, newest.seal(CONTEXT, asJson(keys)))],
        }),
      ),
    )
  } catch (cause) {
    const detail = 'The root keys are not sealed with the newest secret yet: keep the older ones'
    report({ level: 'warn', code: 'root_keys_unsealed', detail, cause })
  }
}

function open(sealer: Sealer, { value }: StoredRecord): RootKeys | undefined {
  const opened = typeof value === 'string' ? sealer.open(CONTEXT, value) : undefined
  if (typeof opened !== 'object' || opened === null || !('partition' in opened) || !('audit' in opened))
    return undefined
  return {
    partition: Buffer.from(String(opened.partition), 'base64url'),
    audit: Buffer.from(String(opened.audit), 'base64url'),
  }
}

function asJson({ partition, audit }: RootKeys) {
  return {
    partition: Buffer.from(partition).toString('base64url'),
    audit: Buffer.from(audit).toString('base64url'),
  }
}

function encode(keys: RootKeys | undefined): string {
  return keys ? JSON.stringify(asJson(keys)) : ''
}

function refusal(problem: string): PortcullisError {
  return new PortcullisError('configuration_invalid', `The gate cannot start: ${problem}`, {
    problems: [problem],
  })
}
