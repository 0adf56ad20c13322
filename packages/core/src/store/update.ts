import { PortcullisError } from '../errors/portcullis-error.js'

/** What an attempt answers when somebody else changed the records between its read and its commit. */
export const RACED = Symbol('raced')

const ATTEMPTS = 50
/** No attempt begins later than so many deadlines of the store after the first. */
const DEADLINES = 2

/**
 * Runs `attempt`, which reads, decides and commits under checks, again for as long as it is raced: at most 50 times, and
 * no attempt begins later than twice `storeDeadlineMs` after the first. Rejects with `store_unavailable` and `busy` as
 * its reason when none came through; nothing was changed then.
 */
export async function optimistically<T>(
  { options: { storeDeadlineMs } }: { readonly options: { readonly storeDeadlineMs: number } },
  busy: string,
  attempt: () => Promise<T | typeof RACED>,
): Promise<T> {
  const deadline = performance.now() + DEADLINES * storeDeadlineMs
  for (let attempts = 0; attempts < ATTEMPTS; attempts++) {
    const result = await attempt()
    if (result !== RACED) return result
    if (performance.now() >= deadline) break
  }
  throw new PortcullisError('store_unavailable', busy)
}
