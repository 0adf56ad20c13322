import type { IncomingMessage } from 'node:http'
import { denial } from '../errors/denials.js'
import { FORWARDING_PROBLEMS, MALFUNCTIONS } from '../errors/malfunctions.js'
import { type Problem, problemOfDenial } from '../errors/problem.js'
import { headerValues } from '../request/headers.js'
import { type Framing, isIgnoredUpgrade, readFraming, refuseMessage } from '../request/message.js'

const REFUSED_METHODS: ReadonlySet<string> = new Set(['TRACE', 'TRACK', 'CONNECT'])

/** What may be forwarded, or why not. */
export type Admission = { readonly framing: Framing } | { readonly problem: Problem }

/** Looks at what a request wants of the connection, before any upstream hears of it. */
export function admit(req: IncomingMessage): Admission {
  const refusal = refuseMessage(req)
  if (refusal) return { problem: problemOfDenial(refusal) }
  if (REFUSED_METHODS.has(req.method ?? '')) return { problem: problemOfDenial(denial('method_refused')) }
  if (asksForUpgrade(req)) return { problem: FORWARDING_PROBLEMS.upgrade_refused }
  const framing = readFraming(req.rawHeaders)
  if (typeof framing === 'object' && 'code' in framing) return { problem: problemOfDenial(framing) }
  // Everything past this point pipes the body, and a body that is gone would leave the upstream waiting for it.
  if (req.readableDidRead)
    return { problem: { code: 'body_already_read', ...MALFUNCTIONS.body_already_read } }
  return { framing }
}

/** In HTTP/1.0 an Upgrade means nothing, and what offers no WebSocket is ignored (RFC 9110 §7.8); neither goes any further. */
function asksForUpgrade(req: IncomingMessage): boolean {
  return (
    req.httpVersion !== '1.0' && headerValues(req.rawHeaders, 'upgrade').length > 0 && !isIgnoredUpgrade(req)
  )
}
