import type { Millis } from '../store/store.js'

const REMEMBERED = 10_000

/** When this process was done with a refresh: until then nobody could have known the successor. */
export interface RecentRefreshes {
  note(familyId: string, doneAt: Millis): void
  /** Undefined when it was long ago, or in another process. */
  doneAt(familyId: string): Millis | undefined
}

export function recentRefreshes(): RecentRefreshes {
  const done = new Map<string, Millis>()
  return {
    note(familyId, doneAt) {
      done.delete(familyId)
      done.set(familyId, doneAt)
      const [oldest] = done.keys()
      if (done.size > REMEMBERED && oldest !== undefined) done.delete(oldest)
    },
    doneAt: (familyId) => done.get(familyId),
  }
}
