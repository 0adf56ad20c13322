import type { RequestListener } from 'node:http'
import type { Gate } from '@portcullis/core'
import type { Forwarder } from '@portcullis/core/proxy'
import type { Logger } from 'pino'

/** What each framework puts together: a line of the log, readiness, the gate, and behind it the upstream. */
export interface Wiring {
  readonly gate: Gate
  readonly forwarder: Forwarder
  readonly log: Logger
  /** From then on `/ready` says so, for a load balancer to look elsewhere; everything else is answered as ever. */
  readonly isDraining: () => boolean
}

/** Where people land who open the gateway in a browser. */
export const HOME = '/token-manager'

export const DRAINING = { status: 503, retryAfterSeconds: '5', body: { status: 'draining' } } as const

export type Wire = (wiring: Wiring) => RequestListener | Promise<RequestListener>
