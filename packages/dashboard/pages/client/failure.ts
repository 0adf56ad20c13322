export type FailureKind = 'session_ended' | 'unavailable' | 'unreachable' | 'refused' | 'unexpected'

/** A call that brought no answer to go on with. `title` and `detail` are the service's own words, `code` its stable name (RFC 9457). */
export class Failure extends Error {
  constructor(
    readonly kind: FailureKind,
    readonly title?: string,
    readonly detail?: string,
    readonly code?: string,
  ) {
    super(title ?? kind)
    this.name = 'Failure'
  }

  /** Whether asking the same again can help without anyone doing something about it. */
  get passing(): boolean {
    return this.kind === 'unavailable' || this.kind === 'unreachable'
  }
}

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: Failure
  }
}
