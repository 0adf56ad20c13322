import type { Identity } from '../authentication/identity.js'
import type { GateEvent } from '../context/event.js'

/** Keeps asking whether those who are being served may still be. */
export interface Recheck {
  /** Calls `cut` once, as soon as the identity may no longer stay. The answer stops that. */
  watch(who: Identity, cut: () => void): () => void
  close(): void
}

export interface RecheckOptions {
  readonly everyMs: number
  readonly stillAllowed: (who: Identity) => Promise<boolean>
  readonly report: (event: GateEvent) => void
}

interface Watched {
  readonly who: Identity
  readonly cuts: Set<() => void>
  isAsking: boolean
}

/**
 * One timer for all, running only while somebody is watched and never keeping the process alive. Each credential is
 * asked about once a round, however many streams it has, and not again before the last answer came. A check that
 * fails decides nothing: an outage of the store does not cut anybody off. It is reported once a round.
 */
export function createRecheck({ everyMs, stillAllowed, report }: RecheckOptions): Recheck {
  const watched = new Map<string, Watched>()
  let timer: NodeJS.Timeout | undefined
  let hasReported = false

  async function ask(entry: Watched): Promise<void> {
    entry.isAsking = true
    try {
      if (await stillAllowed(entry.who)) return
      for (const cut of [...entry.cuts]) cut()
    } catch (cause) {
      if (hasReported) return
      hasReported = true
      report({ level: 'warn', code: 'recheck_failed', detail: 'Running responses go on unchecked', cause })
    } finally {
      entry.isAsking = false
    }
  }

  function askAll(): void {
    hasReported = false
    for (const entry of watched.values()) if (!entry.isAsking) void ask(entry)
  }

  function stop(): void {
    clearInterval(timer)
    timer = undefined
  }

  return {
    watch(who, cut) {
      const key = JSON.stringify([who.accountId, who.credential.kind, who.credential.id])
      const entry = watched.get(key) ?? { who, cuts: new Set(), isAsking: false }
      entry.cuts.add(cut)
      watched.set(key, entry)
      timer ??= setInterval(askAll, everyMs).unref()
      return () => {
        entry.cuts.delete(cut)
        if (entry.cuts.size > 0 || watched.get(key) !== entry) return
        watched.delete(key)
        if (watched.size === 0) stop()
      }
    },
    close() {
      watched.clear()
      stop()
    },
  }
}
