import type { Replication } from './store.js'

/** What a ban or a revocation answers beside its own result. */
export interface Replicated {
  /** Only from a store that waits for replicas. */
  readonly replication?: Replication
}

/** The part of an answer that tells how far a change had come. */
export function replicationOf({ replication }: Replicated): Replicated {
  return replication ? { replication } : {}
}
