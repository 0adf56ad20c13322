/** Work that one process of all that share a store does from time to time. */
export interface Job {
  /** Unique within its plugin. */
  readonly name: string
  /** From the start of one run to that of the next. 1 to 31536000. */
  readonly everySeconds: number
  /** Past this `signal` aborts and the run counts as failed. 1 to 3600, default 60. */
  readonly deadlineSeconds?: number
  /**
   * Does the work. `signal` aborts at the deadline, when the gate closes, and when another process may have taken over:
   * begin nothing new then. A run may be cut short anywhere and come again; let it go on where it was.
   */
  readonly run: (signal: AbortSignal) => Promise<void>
}

/** What is known of a job, whichever process ran it. Instants are epoch milliseconds. */
export interface JobStatus {
  readonly plugin: string
  readonly name: string
  /** Whether this process is the one that runs it. */
  readonly isLeader: boolean
  /** Absent before the first run. */
  readonly lastRun?: JobRun
  /** When the next run is due. */
  readonly nextRunAt: number
}

export interface JobRun {
  readonly startedAt: number
  /** `running` also for a run whose process has died. */
  readonly outcome: 'running' | 'done' | 'failed'
  readonly durationMs?: number
}

/** Something countable that a plugin tells: one value at the time it is asked. */
export interface Metric {
  /** As Prometheus has it: lower-case letters, digits and underscores. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly read: () => number | Promise<number>
}

export interface MetricReading extends Omit<Metric, 'read'> {
  readonly value: number
}
