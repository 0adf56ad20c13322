import type { RootDatabase } from 'lmdb'
import { PortcullisError } from '../errors/portcullis-error.js'

/**
 * Runs an action in a write transaction, which it may share with others that wait, and answers once that is committed.
 * An action that throws leaves nothing behind. Rejects with `store_unavailable` when LMDB cannot commit, as on a full disk.
 */
export async function transact<T>(root: RootDatabase, action: () => T): Promise<T> {
  try {
    // As a child: what throws half way takes back its own writes, and those that it shares the commit with stay.
    return await root.childTransaction(action)
  } catch (error) {
    if (!isCommitFailure(error)) throw error
    // Left alone, the promise that carries the reason would end the process as an unhandled rejection.
    const cause: unknown = await error.commitError.catch((reason: unknown) => reason)
    throw new PortcullisError('store_unavailable', 'LMDB could not commit', { cause })
  }
}

function isCommitFailure(error: unknown): error is Error & { commitError: Promise<never> } {
  return error instanceof Error && 'commitError' in error && error.commitError instanceof Promise
}
