import type { Gate, Identity } from '@portcullis/core'
import { admit } from '@portcullis/core/http'
import type { Forwarder } from '@portcullis/core/proxy'
import type { RequestHandler } from 'express'

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
  return async (req, res, next) => {
    const identity = await admit(gate, req, res)
    if (!identity) return
    req.portcullis = identity
    next()
  }
}

/** Forwards what `portcullis(gate)` let through, streaming both ways. */
export function forwardTo(forwarder: Forwarder): RequestHandler {
  return async (req, res) => {
    if (!req.portcullis) throw new Error('Mount portcullis(gate) before forwardTo(forwarder)')
    await forwarder.forward(req, res, req.portcullis)
  }
}
