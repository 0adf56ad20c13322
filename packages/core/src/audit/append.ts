import { setTimeout as pause } from 'node:timers/promises'
import type { GateEvent } from '../context/event.js'
import type { Outcome } from '../errors/outcome.js'
import { PortcullisError } from '../errors/portcullis-error.js'
import { type AuditChain, extendChain, findLanded } from './chain.js'
import { type AuditEntry, type AuditedAction, LANES, type Lane, laneOf } from './entry.js'

interface Auditing {
  readonly auditQueue: Pick<AuditQueue, 'append'>
  readonly report: (event: GateEvent) => void
}

/**
 * Appends to the audit log. Called before the change that it records, so that what cannot be audited does not happen:
 * a rejection here, `store_unavailable`, stops the caller. Atomic across processes; the chain has neither gaps nor forks.
 */
export function appendAudit(
  { auditQueue }: Pick<Auditing, 'auditQueue'>,
  recorded: AuditedAction,
): Promise<AuditEntry> {
  return auditQueue.append(recorded)
}

/**
 * Records an action, then does it, and passes its answer on. When it is refused, that is recorded as `failed`. When it
 * throws, nobody knows how much of it happened: that is recorded as `unknown`, and not waited for.
 */
export async function audited<T>(
  context: Auditing,
  recorded: AuditedAction,
  act: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  await appendAudit(context, recorded)
  try {
    const outcome = await act()
    if (!outcome.ok) await recordOutcome(context, recorded, 'failed')
    return outcome
  } catch (error) {
    void recordOutcome(context, recorded, 'unknown')
    throw error
  }
}

/** Never rejects. */
async function recordOutcome(
  context: Auditing,
  recorded: AuditedAction,
  outcome: NonNullable<AuditedAction['outcome']>,
): Promise<void> {
  await appendAudit(context, { ...recorded, outcome }).catch((cause: unknown) =>
    context.report({
      level: 'error',
      code: 'audit_failed',
      detail: `The outcome of ${recorded.action}, ${outcome}, was not recorded`,
      cause,
    }),
  )
}

/** Entries of one commit: some 60 KB, which no store is busy with for more than some milliseconds. */
const GROUP = 100
/** Entries that wait in a lane at most; whoever comes then is refused at once. */
const WAITING: Readonly<Record<Lane, number>> = { essential: 1000, administrative: 1000, ordinary: 2000 }
/** What administrators do may outlast a short disturbance: so many deadlines of the store instead of one. */
const PATIENCE: Readonly<Record<Lane, number>> = { essential: 4, administrative: 4, ordinary: 1 }
const LONGEST_PAUSE_MS = 50
const LOOK_AGAIN_MS = 1000
const UNANSWERED_AT_MOST = 1000

export interface AuditQueue {
  /**
   * Resolves once the entry is stored. Rejects with `store_unavailable` when it was not stored within the deadline of its
   * lane, waiting included, or when its lane is full. If its commit was under way then, it may be stored all the same;
   * once that is seen, an entry with the outcome `failed` follows it.
   */
  append(recorded: AuditedAction): Promise<AuditEntry>
  /** Has `close` wait for a recording that has yet to append its entry; it never rejects. */
  expect(recording: Promise<void>): void
  /** Resolves once nothing is expected and nothing waits any more; refuses what comes later. */
  close(): Promise<void>
}

export interface AuditQueueOptions {
  readonly chain: AuditChain
  /** Deadline of an ordinary entry; that of others is four times as long. */
  readonly deadlineMs: number
  readonly report: (event: GateEvent) => void
  /** What plugins may record beside core's own actions. */
  readonly actions?: Readonly<Record<string, Lane>>
}

interface Waiting {
  readonly recorded: AuditedAction
  readonly resolve: (entry: AuditEntry) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
  isGivenUp: boolean
}

/**
 * Entries that wait to be appended to a chain, committed in groups. Bans and revocations come before everything else and
 * never share a commit with it. When a commit fails, all of its lane and of those after it fail with it, instead of
 * waiting for a store that does not answer one by one.
 */
export function auditQueue({ chain, deadlineMs, report, actions }: AuditQueueOptions): AuditQueue {
  const lanes: Readonly<Record<Lane, Set<Waiting>>> = {
    essential: new Set(),
    administrative: new Set(),
    ordinary: new Set(),
  }
  /** Sent, and neither refused nor acknowledged. */
  let unanswered: readonly AuditEntry[] = []
  let running: Promise<void> | undefined
  let lookAgain: NodeJS.Timeout | undefined
  let isClosed = false
  const expected = new Set<Promise<void>>()

  const append = (recorded: AuditedAction) =>
    new Promise<AuditEntry>((resolve, reject) => {
      const name = laneOf(recorded.action, actions)
      const lane = lanes[name]
      if (isClosed) return reject(unavailable('The audit log is closed'))
      if (lane.size >= WAITING[name]) return reject(unavailable('Too many entries wait for the audit log'))
      const milliseconds = deadlineMs * PATIENCE[name]
      const giveUp = () => {
        if (!lane.delete(waiting)) return
        waiting.isGivenUp = true
        reject(unavailable(`The audit log did not take an entry within ${milliseconds} ms`))
      }
      // An answer of the store that has arrived while this process was busy is read before the deadline counts.
      const timer = setTimeout(() => setImmediate(giveUp), milliseconds)
      const waiting: Waiting = { recorded, resolve, reject, timer, isGivenUp: false }
      lane.add(waiting)
      start()
    })

  const start = () => {
    running ??= run().finally(() => {
      running = undefined
      if (nextLane() !== undefined) start()
      else if (unanswered.length > 0 && !isClosed) lookLater()
    })
  }

  const run = async () => {
    for (let lost = 0; nextLane() !== undefined; ) {
      const began = performance.now()
      lost = (await flush()) ? 0 : lost + 1
      // The longer a commit takes, the farther apart those who race for the head have to be.
      const longest = Math.min((performance.now() - began) * lost, LONGEST_PAUSE_MS)
      if (lost > 0) await pause(Math.random() * longest)
    }
  }

  const nextLane = () => LANES.find((name) => lanes[name].size > 0)

  /** False when another process was faster: all go on waiting. */
  const flush = async (): Promise<boolean> => {
    let lane = nextLane() ?? 'ordinary'
    let group: readonly Waiting[] = []
    let sent: readonly AuditEntry[] = []
    try {
      const result = await extendChain(chain, {
        unanswered,
        choose() {
          lane = nextLane() ?? 'ordinary'
          group = take(lane)
          return { recorded: group.map(({ recorded }) => recorded), essential: lane !== 'ordinary' }
        },
        sent(entries) {
          sent = entries
        },
      })
      if (!result.extended) return false
      unanswered = []
      settle(group, result.entries)
      for (const entry of result.landed) contradict(entry)
    } catch (cause) {
      unanswered = [...unanswered, ...sent].slice(-UNANSWERED_AT_MOST)
      fail(group, lane, cause)
    }
    return true
  }

  // Alone: what is ordinary must not pass as essential because it waits beside what is.
  const take = (lane: Lane): readonly Waiting[] => [...lanes[lane]].slice(0, GROUP)

  const settle = (group: readonly Waiting[], entries: readonly AuditEntry[]) => {
    for (const [index, waiting] of group.entries()) {
      leave(waiting)
      const entry = entries[index]
      if (entry === undefined) continue
      if (waiting.isGivenUp) contradict(entry)
      else waiting.resolve(entry)
    }
  }

  const fail = (group: readonly Waiting[], lane: Lane, cause: unknown) => {
    const behind = LANES.slice(LANES.indexOf(lane)).flatMap((name) => [...lanes[name]])
    for (const waiting of new Set([...group, ...behind])) {
      leave(waiting)
      waiting.reject(unavailable('The audit log could not be appended to', cause))
    }
  }

  const leave = (waiting: Waiting) => {
    clearTimeout(waiting.timer)
    lanes[laneOf(waiting.recorded.action, actions)].delete(waiting)
  }

  /** Nobody acted on an entry that was given up, so that one that is stored after all must not stand alone. */
  const contradict = ({ sequence: _, at: __, previous: ___, hash: ____, ...recorded }: AuditEntry) => {
    if (recorded.outcome !== undefined) return
    append({ ...recorded, outcome: 'failed' }).catch((cause: unknown) =>
      report({
        level: 'error',
        code: 'audit_failed',
        detail: `The audit log says ${recorded.action}, which did not happen`,
        cause,
      }),
    )
  }

  const examineUnanswered = async () => {
    const landed = await findLanded(chain, unanswered)
    unanswered = unanswered.filter((entry) => !landed.includes(entry))
    for (const entry of landed) contradict(entry)
  }

  const lookLater = () => {
    clearTimeout(lookAgain)
    lookAgain = setTimeout(() => {
      running ??= examineUnanswered()
        .catch(() => {})
        .finally(() => {
          running = undefined
          if (nextLane() !== undefined) start()
          else if (unanswered.length > 0 && !isClosed) lookLater()
        })
    }, LOOK_AGAIN_MS)
    lookAgain.unref()
  }

  return {
    append,
    expect(recording) {
      expected.add(recording)
      void recording.finally(() => expected.delete(recording))
    },
    async close() {
      while (expected.size > 0) await Promise.all(expected)
      isClosed = true
      clearTimeout(lookAgain)
      // One that ends may start the next for what came meanwhile.
      while (running !== undefined) await running
    },
  }
}

function unavailable(message: string, cause?: unknown): PortcullisError {
  return new PortcullisError('store_unavailable', message, cause === undefined ? {} : { cause })
}
