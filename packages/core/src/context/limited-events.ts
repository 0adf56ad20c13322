import type { GateEvent } from './event.js'

const INTERVAL_MS = 1000
/** Reasons of one kind that are told apart; those beyond share one hold. */
const REASONS_AT_MOST = 8
const REASON_LENGTH = 300

export interface LimitedEvents {
  /**
   * At most one a second for each reason: the first at once, then the last of those that came meanwhile, with its `count`. A
   * reason is an event's code with its options and detail. `source` tells where the detail comes from: what one source says in a
   * flood holds back nothing of another.
   */
  report(event: GateEvent, source?: string): void
  /** Reports what was held back. */
  close(): void
}

interface Held {
  readonly timer: NodeJS.Timeout
  count: number
  last: GateEvent | undefined
}

/**
 * For events that strangers can cause: a flood of requests is no flood of log lines. Codes, options and sources are few and
 * fixed; what they hold back is bounded by that and by the reasons of each.
 */
export function limitEvents(report: (event: GateEvent) => void): LimitedEvents {
  const held = new Map<string, Map<string, Held>>()

  const release = (kind: string, reason: string) => {
    const reasons = held.get(kind)
    const one = reasons?.get(reason)
    if (!one) return
    clearTimeout(one.timer)
    reasons?.delete(reason)
    if (reasons?.size === 0) held.delete(kind)
    const { count, last } = one
    if (last === undefined) return
    report({ ...last, ...(count === 1 ? {} : { count }) })
  }
  const hold = (kind: string, reason: string) => {
    const timer = setTimeout(() => {
      const isBusy = held.get(kind)?.get(reason)?.last !== undefined
      release(kind, reason)
      if (isBusy) hold(kind, reason)
    }, INTERVAL_MS)
    timer.unref()
    const reasons = held.get(kind) ?? new Map<string, Held>()
    held.set(kind, reasons.set(reason, { timer, count: 0, last: undefined }))
  }

  return {
    report(event, source = '') {
      const kind = [event.code, source, ...(event.options ?? [])].join(' ')
      const detail = event.detail.slice(0, REASON_LENGTH)
      const known = held.get(kind)
      const isToldApart = known === undefined || known.has(detail) || known.size < REASONS_AT_MOST
      const reason = isToldApart ? detail : ''
      const waiting = known?.get(reason)
      if (waiting) {
        waiting.count += 1
        waiting.last = event
        return
      }
      hold(kind, reason)
      report(event)
    },
    close() {
      for (const [kind, reasons] of [...held]) for (const reason of [...reasons.keys()]) release(kind, reason)
    },
  }
}
