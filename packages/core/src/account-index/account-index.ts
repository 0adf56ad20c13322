import { reader, text } from '../store/shape.js'
import type { Millis, Store, StoredRecord } from '../store/store.js'

/**
 * Lists across accounts. An entry is written before the record that it lists and removed after it, so that whatever
 * lives is listed; an entry whose record is gone is skipped by readers. No decision reads a directory.
 */
export const DIRECTORY = 'directory'

/** What every entry says of the record that it lists. */
export interface Entry {
  readonly account: string
}

export type DirectoryName =
  | 'tokens'
  | 'tokens-by-expiry'
  | 'revoked-tokens'
  | 'sessions'
  | 'bans'
  | 'super-admins'
  | 'unpruned'

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
  readonly directory: DirectoryName
  readonly id: string
  readonly account: string
  readonly sort: number
  readonly expiresAt?: Millis
}

/** `essential` where the record that is listed is. */
export async function enter(
  { store }: WithStore,
  entries: readonly EntryToWrite[],
  { essential = false }: { essential?: boolean } = {},
): Promise<void> {
  if (entries.length === 0) return
  await store.commit(DIRECTORY, {
    quiet: true,
    essential,
    writes: entries.map(({ directory, id, account, sort, expiresAt }) => ({
      put: { collection: directory, id },
      value: { account },
      sort,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })),
  })
}

export async function leave(
  { store }: WithStore,
  entries: readonly { directory: DirectoryName; id: string }[],
): Promise<void> {
  if (entries.length === 0) return
  await store.commit(DIRECTORY, {
    quiet: true,
    essential: true,
    writes: entries.map(({ directory, id }) => ({ delete: { collection: directory, id } })),
  })
}

const entryOf = reader<Entry>('entry of a directory', { account: text })

/** Throws `store_unavailable` for an entry that cannot be read. */
export function accountOf(entry: StoredRecord): string {
  return entryOf(entry).account
}

/** The account that a directory entry names, or undefined when nothing is listed under this id. */
export async function lookUp(
  { store }: WithStore,
  directory: DirectoryName,
  id: string,
): Promise<string | undefined> {
  const [entry] = await store.read(DIRECTORY, [{ collection: directory, id }])
  return entry && accountOf(entry)
}
