import type { Admission } from '../admission/admission.js'
import type { Decision } from '../authentication/authenticate.js'
import type { Identity } from '../authentication/identity.js'
import type { GateEvent } from '../context/event.js'
import type { ProblemRenderer } from '../errors/problem.js'
import type { JobStatus, MetricReading } from '../plugin/job.js'
import type { RequestView } from '../request/view.js'
import type { Clock } from '../store/store.js'
import type { GateOperations } from './operations.js'

/** The gate: three methods for requests, the operations for programs. */
export interface Gate extends GateOperations {
  /** Whether the gate answers this path itself. `path` has no query. Throws `InputError` for what is no text. */
  owns(path: string): boolean
  /**
   * Decides by headers only. Rejects with `store_unavailable` rather than guess, and with `InputError` for what is no view
   * of a request.
   */
  authenticate(view: RequestView): Promise<Decision>
  /** Answers a request to a path that the gate owns: login, tokens, administration. Never rejects. */
  handle(request: Request, peer?: { remoteAddress?: string }): Promise<Response>
  /** The response for a denial, or for anything that was thrown, in the form that the path's clients expect. */
  refuse(cause: unknown, path: string): Response
  /**
   * Whether a running answer to someone who was let in may go on: false once banned, revoked or logged out, never for the
   * expiry of the credential alone. Takes the identity that the gate made, not a copy; false for what is no identity. Rejects
   * with `store_unavailable` where the store cannot say, which decides nothing.
   */
  stillAllowed(identity: Identity): Promise<boolean>
  /** The origin that browsers see. */
  readonly publicUrl: string
  /** Every scope that a credential may carry: the built-in ones and those of the options. */
  readonly scopes: readonly string[]
  /** For whoever answers errors on the gate's behalf. */
  readonly problems: readonly ProblemRenderer[]
  /**
   * Headers that carry credentials which the gate takes, in lower case: `authorization`, `x-api-key`, `cookie` and those of
   * plugins' kinds. A proxy of one's own sends none of them on.
   */
  readonly credentialHeaders: readonly string[]
  /** Those of plugins, which a forwarder asks before its own. */
  readonly admissions: readonly Admission[]
  /** Tells the gate's `onEvent`, for whoever works on the gate's behalf. Never throws. */
  readonly report: (event: GateEvent) => void
  /** The time by which credentials expire. */
  readonly clock: Clock
  /** What is known of the jobs of plugins, whichever process ran them. Rejects with `store_unavailable`. */
  jobs(): Promise<readonly JobStatus[]>
  /** The metrics of plugins as they are now; one that cannot be read within a second is reported and left out. */
  metrics(): Promise<readonly MetricReading[]>
  /** Releases the store and everything that the gate started. */
  close(): Promise<void>
}
