import type { Gate, Identity } from '@portcullis/core'
import {
  type Answer,
  checkForwarder,
  checkMount,
  decide,
  decideFor,
  decideIfSent,
  type LeastRole,
  sendResponse,
} from '@portcullis/core/http'
import type { Forwarder } from '@portcullis/core/proxy'
import type { Request, RequestHandler } from 'express'

declare global {
  namespace Express {
    interface Request {
      /** Who is calling; set by `portcullis(gate)` on every request that it lets through. */
      portcullis?: Identity
    }
  }
}

/**
 * The gate as Express middleware. Answers the gate's own paths, denials and logins; lets everybody else on with
 * `req.portcullis` set. Mount it before any body parser when requests are forwarded. What it cannot handle reaches the
 * error handler.
 */
export function portcullis(gate: Gate): RequestHandler {
  checkMount(gate)
  return middleware((req) => decide(gate, req))
}

/** As `portcullis(gate)`, but who sends no credential goes on, without an identity. A bad credential is refused. */
export function optional(gate: Gate): RequestHandler {
  checkMount(gate)
  return middleware((req) => decideIfSent(gate, req))
}

/** Lets on whose role is at least this one; refuses others with 403 `role_insufficient`, and nobody with 401. */
export function requireRole(gate: Gate, role: LeastRole): RequestHandler {
  checkMount(gate, { role })
  return middleware((req) => decideFor(gate, req, req.portcullis, { role }))
}

/** Lets on whose credential carries the scope; refuses others with 403 `scope_insufficient`, and nobody with 401. */
export function requireScope(gate: Gate, scope: string): RequestHandler {
  checkMount(gate, { scope })
  return middleware((req) => decideFor(gate, req, req.portcullis, { scope }))
}

/** Lets on whose session is of somebody in the group; refuses others with 403 `group_insufficient`, and nobody with 401. */
export function requireGroup(gate: Gate, group: string): RequestHandler {
  checkMount(gate, { group })
  return middleware((req) => decideFor(gate, req, req.portcullis, { group }))
}

/** Forwards what `portcullis(gate)` let through, streaming both ways. */
export function forwardTo(forwarder: Pick<Forwarder, 'forward'>): RequestHandler {
  checkForwarder(forwarder)
  return async (req, res) => {
    if (!req.portcullis) throw new Error('Mount portcullis(gate) before forwardTo(forwarder)')
    await forwarder.forward(req, res, req.portcullis)
  }
}

function middleware(decideOn: (req: Request) => Promise<Answer | undefined>): RequestHandler {
  return async (req, res, next) => {
    const answer = await decideOn(req)
    if (answer instanceof Response) return sendResponse(answer, req, res)
    if (answer) req.portcullis = answer
    next()
  }
}
