import type { IncomingMessage } from 'node:http'
import { denial } from '../errors/denial.js'
import { FORWARDING_PROBLEMS, MALFUNCTIONS } from '../errors/malfunctions.js'
import { type Problem, problemOfDenial } from '../errors/problem.js'
import {
  type Framing,
  headerValues,
  isIgnoredUpgrade,
  parseTarget,
  REFUSED_METHODS,
  readFraming,
  refuseMessage,
  type Target,
  targetOf,
} from '../request/head.js'
import { isWebSocketRequest } from './tunnel.js'

/** What is known about a request that may be forwarded. */
export interface Checked {
  readonly target: Target
  readonly framing: Framing
}

/** Looks at what a request wants of the connection, before any upstream hears of it. */
export function checkRequest(req: IncomingMessage, target: Target | undefined): Checked | Problem {
  if (!target) return problemOfDenial(denial('target_invalid'))
  const refusal = refuseMessage(req)
  if (refusal) return problemOfDenial(refusal)
  if (REFUSED_METHODS.has(req.method ?? '')) return problemOfDenial(denial('method_refused'))
  if (asksForUpgrade(req)) return FORWARDING_PROBLEMS.upgrade_refused
  const framing = readFraming(req.rawHeaders)
  if (typeof framing === 'object' && 'code' in framing) return problemOfDenial(framing)
  // Everything past this point pipes the body, and a body that is gone would leave the upstream waiting for it.
  if (req.readableDidRead) return { code: 'body_already_read', ...MALFUNCTIONS.body_already_read }
  return { target, framing }
}

/** As `checkRequest`, of what wants to become a WebSocket. */
export function checkUpgrade(req: IncomingMessage, publicUrl: string): Checked | Problem {
  const refusal = refuseMessage(req)
  if (refusal) return problemOfDenial(refusal)
  const target = parseTarget(targetOf(req, publicUrl))
  if (!target) return problemOfDenial(denial('target_invalid'))
  if (!isWebSocketRequest(req)) return FORWARDING_PROBLEMS.upgrade_refused
  return { target, framing: 'none' }
}

/** In HTTP/1.0 an Upgrade means nothing, and what offers no WebSocket is ignored (RFC 9110 §7.8); neither goes any further. */
function asksForUpgrade(req: IncomingMessage): boolean {
  return (
    req.httpVersion !== '1.0' && headerValues(req.rawHeaders, 'upgrade').length > 0 && !isIgnoredUpgrade(req)
  )
}
