import { PortcullisError } from '../errors/portcullis-error.js'
import type { Replication } from './store.js'

/** What an attempt answers when somebody else changed the records between its read and its commit. */
export const RACED = Symbol('raced')

const ATTEMPTS = 50
/** No attempt but the second begins later than so many deadlines of the store after the first. */
const DEADLINES = 2

/**
 * Runs `attempt`, which reads, decides and commits under checks, again for as long as it is raced: at most 50 times, and
 * not for longer than twice `storeDeadlineMs`. One that took longer by itself, as in a busy process, is tried once more.
 * Rejects with `store_unavailable` and `busy` as its reason when none came through; nothing was changed then.
 */
export async function optimistically<T>(
  { options: { storeDeadlineMs } }: { readonly options: { readonly storeDeadlineMs: number } },
  busy: string,
  attempt: () => Promise<T | typeof RACED>,
): Promise<T> {
  const deadline = performance.now() + DEADLINES * storeDeadlineMs
  for (let attempts = 1; attempts <= ATTEMPTS; attempts++) {
    const result = await attempt()
    if (result !== RACED) return result
    if (attempts > 1 && performance.now() >= deadline) break
  }
  throw new PortcullisError('store_unavailable', busy)
}

/** What a ban or a revocation answers beside its own result. */
export interface Replicated {
  /** Only from a store that waits for replicas. */
  readonly replication?: Replication
}

/** The part of an answer that tells how far a change had come. */
export function replicationOf({ replication }: Replicated): Replicated {
  return replication ? { replication } : {}
}
