/**
 * Malfunctions, as opposed to denials. Each carries a stable `code`; callers switch on it and never parse a message.
 *
 * - `store_unavailable`: the store did not answer, or not within its deadline. Answered as 503 with `Retry-After`.
 * - `provider_unavailable`: the identity provider could not be reached or answered nonsense. 503.
 * - `provider_misconfigured`: the identity provider answers, and what it answers shows that an option of the gate or the
 *   client's registration there is wrong; nobody can log in until somebody changes it. 500; `options` names what to look at.
 * - `page_unavailable`: pages that the gate serves did not answer within their deadline. 503.
 * - `plugin_unavailable`: a plugin that has a say in this failed, or did not answer within its deadline. 503.
 * - `upstream_unavailable`: the upstream refused the connection or broke off. 502.
 * - `upstream_timeout`: the upstream stayed silent past the deadline. 504.
 * - `configuration_invalid`: options that cannot work; `problems` names every one of them.
 * - `body_already_read`: a middleware consumed the request body before it could be forwarded.
 */
export type MalfunctionCode =
  | 'store_unavailable'
  | 'provider_unavailable'
  | 'provider_misconfigured'
  | 'page_unavailable'
  | 'plugin_unavailable'
  | 'upstream_unavailable'
  | 'upstream_timeout'
  | 'configuration_invalid'
  | 'body_already_read'

/** The one error class that Portcullis throws for malfunctions. `message` is for the log, never for a response. */
export class PortcullisError extends Error {
  override readonly name = 'PortcullisError'
  readonly code: MalfunctionCode
  /** Every problem of a `configuration_invalid`, one sentence each; empty otherwise. */
  readonly problems: readonly string[]
  /** Names of the options that an operator would look at; empty where none is to blame. */
  readonly options: readonly string[]

  constructor(
    code: MalfunctionCode,
    message: string,
    more: { cause?: unknown; problems?: readonly string[]; options?: readonly string[] } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.problems = more.problems ?? []
    this.options = more.options ?? []
  }
}

/**
 * `store_unavailable` because the store is full: it takes no ordinary records until some expire or it is given more room.
 * Bans and revocations go on.
 */
export class StoreFullError extends PortcullisError {
  constructor(message: string, more: { cause?: unknown } = {}) {
    super('store_unavailable', message, more)
  }
}
