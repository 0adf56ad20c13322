import { type Collection, collection, text } from '../store/collection.js'
import type { Millis, Store } from '../store/store.js'

/**
 * Lists across accounts. An entry is written before the record that it lists and removed after it, so that whatever
 * lives is listed; an entry whose record is gone is skipped by readers. No decision reads an index.
 */
export const INDEX = 'directory'

/** What every entry says of the record that it lists. */
export interface Entry {
  readonly account: string
}

const NAMES = ['tokens', 'tokens-by-expiry', 'revoked-tokens', 'sessions', 'bans', 'unpruned'] as const
export type IndexName = (typeof NAMES)[number]

/** The entries of each list. Read, they throw `store_unavailable` for one that cannot be. */
export const entries = Object.fromEntries(
  NAMES.map((name) => [name, collection<Entry>(name, { account: text }, 'entry of an index')]),
) as Readonly<Record<IndexName, Collection<Entry>>>

export interface ListQuery {
  /** 1 to 200. */
  readonly limit: number
  readonly cursor?: string
}

export interface Listed<T> {
  readonly items: readonly T[]
  readonly nextCursor?: string
}

interface WithStore {
  readonly store: Store
}

export interface EntryToWrite {
  readonly index: IndexName
  readonly id: string
  readonly account: string
  readonly sort: number
  readonly expiresAt?: Millis
}

/** `essential` where the record that is listed is. */
export async function enter(
  { store }: WithStore,
  toWrite: readonly EntryToWrite[],
  { essential = false }: { essential?: boolean } = {},
): Promise<void> {
  if (toWrite.length === 0) return
  await store.commit(INDEX, {
    quiet: true,
    essential,
    writes: toWrite.map(({ index, id, account, sort, expiresAt }) =>
      entries[index].put(id, { account }, { sort, expiresAt }),
    ),
  })
}

export async function leave(
  { store }: WithStore,
  toDelete: readonly { index: IndexName; id: string }[],
): Promise<void> {
  if (toDelete.length === 0) return
  await store.commit(INDEX, {
    quiet: true,
    essential: true,
    writes: toDelete.map(({ index, id }) => entries[index].delete(id)),
  })
}

/** The account that an entry of an index names, or undefined when nothing is listed under this id. */
export async function lookUp(
  { store }: WithStore,
  index: IndexName,
  id: string,
): Promise<string | undefined> {
  const [entry] = await store.read(INDEX, [entries[index].key(id)])
  return entry && entries[index].read(entry).account
}
