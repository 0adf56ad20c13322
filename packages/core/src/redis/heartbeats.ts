/** Proof that whoever may publish a change is heard, without delay and without a gap. */
export interface Heartbeats {
  /** The text that a publisher is to send now. */
  next(publisher: string): string
  /**
   * Takes a text that came back, and answers whether those before it came too. One that was under way for too long
   * proves nothing.
   */
  hear(message: string): boolean
  /** Until when (`performance.now()`) each of the publishers counts as heard; in the past when one does not. */
  freshUntil(publishers: readonly string[]): number
  /** Whether nobody at all was heard lately. */
  readonly isSilent: boolean
  restart(): void
}

/** Three in a row may stay away. */
const MISSED = 3

export function heartbeats(everyMs: number): Heartbeats {
  const patienceMs = everyMs * MISSED
  const heard = new Map<string, { sentAt: number; number: number }>()
  const sentLast = new Map<string, number>()
  let sent = 0
  let lastAt = performance.now()
  const isRecent = (at: number | undefined) => at !== undefined && performance.now() - at <= patienceMs

  return {
    next(publisher) {
      sent += 1
      const before = sentLast.get(publisher) ?? 0
      sentLast.set(publisher, sent)
      return `${performance.now()} ${sent} ${before} ${publisher}`
    },
    hear(message) {
      const [sentAt, number, before, publisher = ''] = message.split(' ', 4)
      if (!isRecent(Number(sentAt))) return true
      const last = heard.get(publisher)
      heard.set(publisher, { sentAt: Number(sentAt), number: Number(number) })
      lastAt = performance.now()
      return last === undefined || last.number === Number(before)
    },
    freshUntil: (publishers) =>
      publishers.length === 0
        ? 0
        : Math.min(
            ...publishers.map((publisher) => (heard.get(publisher)?.sentAt ?? -patienceMs) + patienceMs),
          ),
    get isSilent() {
      return !isRecent(lastAt)
    },
    restart() {
      heard.clear()
      lastAt = performance.now()
    },
  }
}
