/** One line for the log: a fixed `code`, and internal detail that never reaches a response. */
export interface GateEvent {
  readonly level: 'info' | 'warn' | 'error'
  readonly code: string
  readonly detail: string
  /** How many events this line stands for; absent for one. */
  readonly count?: number
  /** Options that an operator would look at, by name. */
  readonly options?: readonly string[]
  readonly cause?: unknown
}
