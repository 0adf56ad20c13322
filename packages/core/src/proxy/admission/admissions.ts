import type { IncomingMessage } from 'node:http'
import type { CallHead } from '../../admission/admission.js'
import type { Identity } from '../../authentication/identity.js'
import { FORWARDING_PROBLEMS, MALFUNCTIONS } from '../../errors/malfunctions.js'
import { Connection } from '../../request/connection.js'
import type { Framing, Target } from '../../request/head.js'
import { collectHeaders, type HeaderFilter, headerFilter } from '../header-fields.js'
import type { Recheck } from '../recheck.js'
import { CREDENTIALS } from '../removed-request-headers.js'
import { type DecideParts, decide, type Granted, type Stop } from './ask-admissions.js'

/** One request, checked, about which admissions are to be asked. */
export interface Asking {
  readonly req: IncomingMessage
  readonly who: Identity
  readonly target: Target
  readonly framing: Framing
  readonly isWebSocket: boolean
  /** Calls `leave` when the client does, where the end of the connection is not the first sign of that. */
  readonly onEnd?: (leave: () => void) => void
}

/** All admissions of a forwarder, and those calls that wait for them. */
export class Admissions {
  readonly #parts: DecideParts
  readonly #recheck: Recheck | undefined
  readonly #isCredential: HeaderFilter
  readonly #waiting = new Set<(stop: Stop) => void>()

  constructor(parts: DecideParts, recheck: Recheck | undefined) {
    this.#parts = parts
    this.#recheck = recheck
    this.#isCredential = headerFilter([...CREDENTIALS, ...parts.credentialHeaders])
  }

  get isEmpty(): boolean {
    return this.#parts.admissions.length === 0
  }

  /** Asks them, for as long as the client is there, may be served, and the forwarder is open. Never rejects. */
  async ask({ req, who, target, framing, isWebSocket, onEnd }: Asking): Promise<Granted | Stop> {
    const stopping = new AbortController()
    const stop = (reason: Stop) => stopping.abort(reason)
    const forget = Connection.of(req.socket).onGone(() => stop('client_gone'))
    onEnd?.(() => stop('client_gone'))
    const unwatch = this.#recheck?.watch(who, () => stop(FORWARDING_PROBLEMS.access_withdrawn))
    this.#waiting.add(stop)
    const head: CallHead = {
      identity: who,
      method: req.method ?? 'GET',
      path: target.path,
      query: target.query,
      headers: collectHeaders(req.rawHeaders, this.#isCredential),
      isWebSocket,
    }
    try {
      return await decide(this.#parts, head, req, framing, stopping.signal)
    } finally {
      this.#waiting.delete(stop)
      unwatch?.()
      forget()
    }
  }

  /** Ends what waits. */
  close(): void {
    const closing = { code: 'upstream_unavailable', ...MALFUNCTIONS.upstream_unavailable } as const
    for (const stop of this.#waiting) stop(closing)
  }
}
