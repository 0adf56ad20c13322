import type { GateEvent } from './event.js'

const INTERVAL_MS = 1000

export interface LimitedEvents {
  /** At most one a second for each code: the first at once, then the last of those that came meanwhile, with its `count`. */
  report(event: GateEvent): void
  /** Reports what was held back. */
  close(): void
}

interface Held {
  readonly timer: NodeJS.Timeout
  count: number
  last: GateEvent | undefined
}

/** For events that strangers can cause: a flood of requests is no flood of log lines. Codes are few and fixed. */
export function limitEvents(report: (event: GateEvent) => void): LimitedEvents {
  const held = new Map<string, Held>()

  const release = (code: string) => {
    const one = held.get(code)
    if (!one) return
    clearTimeout(one.timer)
    held.delete(code)
    const { count, last } = one
    if (last === undefined) return
    report({ ...last, ...(count === 1 ? {} : { count }) })
  }
  const hold = (code: string) => {
    const timer = setTimeout(() => {
      const isBusy = held.get(code)?.last !== undefined
      release(code)
      if (isBusy) hold(code)
    }, INTERVAL_MS)
    timer.unref()
    held.set(code, { timer, count: 0, last: undefined })
  }

  return {
    report(event) {
      const waiting = held.get(event.code)
      if (waiting) {
        waiting.count += 1
        waiting.last = event
        return
      }
      hold(event.code)
      report(event)
    },
    close() {
      for (const code of [...held.keys()]) release(code)
    },
  }
}
