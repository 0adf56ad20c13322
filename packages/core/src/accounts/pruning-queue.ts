import { setTimeout as pause } from 'node:timers/promises'
import type { GateEvent } from '../context/event.js'

const AT_ONCE = 2
const WAITING_AT_MOST = 1000
const LONGEST_PAUSE_MS = 50
/** An account with some ten thousand records is done long before; what is not is resumed later. */
const DEADLINE_MS = 60_000

/** Removes and marks records of what has ended already, behind the backs of those who wait for an answer. */
export interface Pruning {
  /** Never throws. What does not fit into the queue is left to `resumePruning`. */
  begin(account: string): void
  /** Resolves once nothing runs or waits. */
  settled(): Promise<void>
  /** Stops what runs after its current batch, forgets what waits, and resolves once nothing runs. */
  close(): Promise<void>
}

export interface PruningOptions {
  /** Goes on until it is done or the signal aborts. */
  readonly prune: (account: string, signal: AbortSignal) => Promise<void>
  readonly report: (event: GateEvent) => void
}

/** After a batch: the store is busy with pruning for half of the time at most. */
export async function giveOthersATurn(began: number): Promise<void> {
  await pause(Math.min(performance.now() - began, LONGEST_PAUSE_MS))
}

/** At most two accounts at once and a thousand that wait; an account that fails takes no other down. */
export function createPruning({ prune, report }: PruningOptions): Pruning {
  const waiting = new Set<string>()
  const running = new Map<string, Promise<void>>()
  const closing = new AbortController()

  const run = async (account: string) => {
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(), DEADLINE_MS)
    timer.unref()
    try {
      await prune(account, AbortSignal.any([closing.signal, deadline.signal]))
    } catch (cause) {
      const detail = 'Records of what was revoked or ended were not pruned; it will be tried again'
      report({ level: 'warn', code: 'pruning_failed', detail, cause })
    } finally {
      clearTimeout(timer)
    }
  }
  const startNext = () => {
    for (const account of waiting) {
      if (running.size >= AT_ONCE || closing.signal.aborted) return
      // One at a time for each account: what was ended meanwhile is pruned by the run that follows.
      if (running.has(account)) continue
      waiting.delete(account)
      const finished = run(account).then(() => {
        running.delete(account)
        startNext()
      })
      running.set(account, finished)
    }
  }
  const settled = async () => {
    while (running.size > 0) await Promise.all(running.values())
  }

  return {
    begin(account) {
      if (closing.signal.aborted || waiting.size >= WAITING_AT_MOST) return
      waiting.add(account)
      startNext()
    },
    settled,
    async close() {
      closing.abort()
      waiting.clear()
      await settled()
    },
  }
}
