import { setTimeout as pause } from 'node:timers/promises'
import type { GateContext } from '../context/context.js'
import type { Job, JobRun, JobStatus } from '../plugin/job.js'
import { collection, instant, optional, text } from '../store/collection.js'

/** How long a leader that has died keeps others from taking over. */
const LEASE_MS = 30_000
/** A lease is renewed several times before it ends. */
const RENEWALS = 3
/** How long closing waits for a run that does not heed its signal. */
const GRACE_MS = 5000
const PLACE = 'plugin-jobs'

interface Lease {
  readonly holder: string
}

export const jobLeases = collection<Lease>('leases', { holder: text }, 'lease of a job')
export const jobRuns = collection<JobRun>(
  'runs',
  { startedAt: instant, outcome: text, durationMs: optional(instant) },
  'run of a job',
)

export interface RunningJobs {
  /** What is known of every job, by all processes together. */
  status(): Promise<readonly JobStatus[]>
  /** Aborts what runs and waits for it, at most five seconds, then lets another process take over at once. */
  close(): Promise<void>
}

export interface NamedJob extends Job {
  readonly plugin: string
}

/**
 * Runs each job in one process of all that share the store: whoever holds its lease. A leader that dies is followed by
 * another within the lease, 30 s. Where a leader cannot renew its lease in time, its run is aborted before the lease ends
 * for others; clocks that differ by more than a third of the lease can let two run at once.
 */
export function runJobs(context: GateContext, jobs: readonly NamedJob[], leaseMs = LEASE_MS): RunningJobs {
  const running = jobs.map((job) => runJob(context, job, leaseMs))
  return {
    status: () => Promise.all(running.map((job) => job.status())),
    async close() {
      await Promise.all(running.map((job) => job.close()))
    },
  }
}

function runJob(context: GateContext, job: NamedJob, leaseMs: number) {
  const { store, clock, report } = context
  const id = `${job.plugin}.${job.name}`
  const lease = jobLeases.key(id)
  const record = jobRuns.key(id)
  const holder = context.randomId(16)
  const everyMs = job.everySeconds * 1000
  const tickMs = leaseMs / RENEWALS
  let isClosed = false
  let timer: NodeJS.Timeout
  let ticking: Promise<void> | undefined
  let run: { readonly stop: AbortController; readonly finished: Promise<void> } | undefined
  /** By this process's own clock of intervals: a lease that may have ended is not believed in. */
  let heldUntil = 0

  const isLeader = () => performance.now() < heldUntil
  const lastRun = async (): Promise<JobRun | undefined> => {
    const [stored] = await store.read(PLACE, [record])
    return stored && jobRuns.read(stored)
  }
  const write = (finished: JobRun) =>
    store.commit(PLACE, { quiet: true, writes: [jobRuns.put(id, finished)] })

  const hold = async (): Promise<boolean> => {
    const asked = performance.now()
    const [stored] = await store.read(PLACE, [lease])
    if (stored && jobLeases.read(stored).holder !== holder) {
      heldUntil = 0
      return false
    }
    const result = await store.commit(PLACE, {
      quiet: true,
      checks: [{ key: lease, version: stored?.version ?? null }],
      writes: [jobLeases.put(id, { holder }, { expiresAt: clock() + leaseMs })],
    })
    if (result.committed) heldUntil = asked + leaseMs - tickMs
    return result.committed
  }

  const start = () => {
    const stop = new AbortController()
    const work = async () => {
      const startedAt = clock()
      const began = performance.now()
      const outcome = await attempt(startedAt, stop)
      const durationMs = Math.round(performance.now() - began)
      await write({ startedAt, outcome, durationMs }).catch((cause: unknown) => tell('not recorded', cause))
    }
    const finished = work().finally(() => {
      run = undefined
    })
    run = { stop, finished }
  }

  /** Never rejects. A run that does not heed its signal holds up the next one, not this answer’s truth. */
  const attempt = async (startedAt: number, stop: AbortController): Promise<'done' | 'failed'> => {
    const deadline = setTimeout(() => stop.abort(), (job.deadlineSeconds ?? 60) * 1000)
    deadline.unref()
    try {
      await write({ startedAt, outcome: 'running' })
      stop.signal.throwIfAborted()
      await job.run(stop.signal)
      stop.signal.throwIfAborted()
      return 'done'
    } catch (cause) {
      tell('failed', cause)
      return 'failed'
    } finally {
      clearTimeout(deadline)
    }
  }

  const tell = (what: string, cause: unknown) =>
    report({ level: 'warn', code: 'job_failed', detail: `A run of the job ${id} was ${what}`, cause })

  const tick = async () => {
    try {
      if ((await hold()) && !run && !isClosed) {
        const last = await lastRun()
        const isDue = last === undefined || clock() >= last.startedAt + everyMs
        if (isDue && !isClosed) start()
      }
    } catch (cause) {
      context.strangers.report({
        level: 'warn',
        code: 'job_lease_unknown',
        detail: `Whether the job ${id} is this process's to run is not known`,
        cause,
      })
    }
    if (run && !isLeader()) run.stop.abort()
  }
  const tickAfter = (milliseconds: number) => {
    timer = setTimeout(() => {
      ticking = tick().then(() => {
        if (!isClosed) tickAfter(Math.min(tickMs, everyMs))
      })
    }, milliseconds)
    timer.unref()
  }
  tickAfter(0)

  return {
    async status(): Promise<JobStatus> {
      const last = await lastRun()
      const known = { plugin: job.plugin, name: job.name, isLeader: isLeader() }
      if (!last) return { ...known, nextRunAt: clock() }
      return { ...known, lastRun: last, nextRunAt: last.startedAt + everyMs }
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await ticking
      run?.stop.abort()
      const patience = new AbortController()
      const late = pause(GRACE_MS, undefined, { signal: patience.signal, ref: false }).catch(() => {})
      if (run) await Promise.race([run.finished, late])
      patience.abort()
      // A run that goes on keeps its lease, so that nobody runs beside it before that ends.
      if (!run && isLeader()) await release()
    },
  }

  async function release(): Promise<void> {
    heldUntil = 0
    try {
      const [stored] = await store.read(PLACE, [lease])
      if (!stored || jobLeases.read(stored).holder !== holder) return
      const checks = [{ key: lease, version: stored.version }]
      await store.commit(PLACE, { quiet: true, checks, writes: [{ delete: lease }] })
    } catch {
      // It ends by itself.
    }
  }
}
