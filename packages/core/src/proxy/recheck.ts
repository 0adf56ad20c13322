import type { Identity } from '../authentication/identity.js'
import type { GateEvent } from '../context/event.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import type { Gate } from '../gate/gate.js'

export const RECHECK_EVERY_MS = 1_000

/** Keeps asking whether those who are being served may still be. */
export interface Recheck {
  /**
   * Calls `cut` once, as soon as the identity may no longer stay. The answer stops that: call it when what runs has ended.
   * Takes the identity that the gate made, not a copy.
   */
  watch(who: Identity, cut: () => void): () => void
  close(): void
}

/**
 * Cuts what a proxy of one's own has running for whoever is banned, revoked or logged out, as forwarders do: within
 * `everyMs` and a store call. `everyMs` is 10 to 60000, default 1000. A store that does not answer cuts nobody off; it is
 * reported as `recheck_failed`. What is open without end is to be held to `credential.expiresAt` as well. Throws
 * `configuration_invalid`.
 *
 * @example
 * const unwatch = recheck.watch(identity, () => res.destroy())
 * res.once('close', unwatch)
 */
export function recheckFor(
  { stillAllowed, report }: Pick<Gate, 'stillAllowed' | 'report'>,
  { everyMs = RECHECK_EVERY_MS }: { readonly everyMs?: number } = {},
): Recheck {
  if (!Number.isInteger(everyMs) || everyMs < 10 || everyMs > 60_000)
    throw new PortcullisError('configuration_invalid', 'everyMs: give an integer from 10 to 60000', {
      problems: ['everyMs: give an integer from 10 to 60000'],
    })
  return createRecheck({ everyMs, stillAllowed, report })
}

export interface RecheckOptions {
  readonly everyMs: number
  readonly stillAllowed: (who: Identity) => Promise<boolean>
  readonly report: (event: GateEvent) => void
}

interface Watched {
  readonly who: Identity
  readonly cut: () => void
}

/**
 * One timer for all, running only while somebody is watched and never keeping the process alive. Each credential is
 * asked about once a round, however many streams it has, and not again before the last answer came. A check that
 * fails decides nothing: an outage of the store does not cut anybody off. It is reported once a round.
 */
export function createRecheck({ everyMs, stillAllowed, report }: RecheckOptions): Recheck {
  const watched = new Set<Watched>()
  /** Credentials about which the last question is not answered yet. */
  const asked = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let hasReported = false

  async function ask(key: string, sharing: readonly Watched[]): Promise<void> {
    const [first] = sharing
    if (!first || asked.has(key)) return
    asked.add(key)
    try {
      if (await stillAllowed(first.who)) return
      for (const entry of sharing) if (watched.has(entry)) entry.cut()
    } catch (cause) {
      if (hasReported) return
      hasReported = true
      report({ level: 'warn', code: 'recheck_failed', detail: 'Running responses go on unchecked', cause })
    } finally {
      asked.delete(key)
    }
  }

  /** Told apart only now: most of what is watched is over before it is asked about. */
  function askAll(): void {
    hasReported = false
    const byCredential = new Map<string, Watched[]>()
    for (const entry of watched) {
      const { accountId, credential } = entry.who
      const key = JSON.stringify([accountId, credential.kind, credential.id])
      const sharing = byCredential.get(key)
      if (sharing) sharing.push(entry)
      else byCredential.set(key, [entry])
    }
    for (const [key, sharing] of byCredential) void ask(key, sharing)
  }

  function stop(): void {
    clearInterval(timer)
    timer = undefined
  }

  return {
    watch(who, cut) {
      const entry = { who, cut }
      watched.add(entry)
      timer ??= setInterval(askAll, everyMs).unref()
      return () => {
        if (watched.delete(entry) && watched.size === 0) stop()
      }
    },
    close() {
      watched.clear()
      stop()
    },
  }
}
