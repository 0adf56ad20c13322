import type { Gate, Identity } from '@portcullis/core'
import {
  type Answer,
  checkForwarder,
  checkMount,
  decide,
  decideFor,
  decideIfSent,
  type LeastRole,
  type NodeRequest,
  sendResponse,
} from '@portcullis/core/http'
import type { Forwarder } from '@portcullis/core/proxy'
import type { Context, Middleware } from 'koa'

declare module 'koa' {
  interface DefaultState {
    /** Who is calling; set by `portcullis(gate)` on every request that it lets through. */
    portcullis?: Identity
  }
}

/**
 * The gate as Koa middleware. Answers the gate's own paths, denials and logins; lets everybody else on with
 * `ctx.state.portcullis` set. Mount it before any body parser when requests are forwarded. What it cannot handle is
 * thrown, as Koa expects.
 */
export function portcullis(gate: Gate): Middleware {
  checkMount(gate)
  return middleware((req) => decide(gate, req))
}

/** As `portcullis(gate)`, but who sends no credential goes on, without an identity. A bad credential is refused. */
export function optional(gate: Gate): Middleware {
  checkMount(gate)
  return middleware((req) => decideIfSent(gate, req))
}

/** Lets on whose role is at least this one; refuses others with 403 `role_insufficient`, and nobody with 401. */
export function requireRole(gate: Gate, role: LeastRole): Middleware {
  checkMount(gate, { role })
  return middleware((req, identity) => decideFor(gate, req, identity, { role }))
}

/** Lets on whose credential carries the scope; refuses others with 403 `scope_insufficient`, and nobody with 401. */
export function requireScope(gate: Gate, scope: string): Middleware {
  checkMount(gate, { scope })
  return middleware((req, identity) => decideFor(gate, req, identity, { scope }))
}

/** Lets on whose session is of somebody in the group; refuses others with 403 `group_insufficient`, and nobody with 401. */
export function requireGroup(gate: Gate, group: string): Middleware {
  checkMount(gate, { group })
  return middleware((req, identity) => decideFor(gate, req, identity, { group }))
}

/** Forwards what `portcullis(gate)` let through, streaming both ways; resolves when the exchange is over. */
export function forwardTo(forwarder: Pick<Forwarder, 'forward'>): Middleware {
  checkForwarder(forwarder)
  return async (ctx) => {
    const identity: Identity | undefined = ctx.state.portcullis
    if (!identity) throw new Error('Mount portcullis(gate) before forwardTo(forwarder)')
    ctx.respond = false
    await forwarder.forward(asReceived(ctx), ctx.res, identity)
  }
}

type Decide = (req: NodeRequest, identity: Identity | undefined) => Promise<Answer | undefined>

function middleware(decideOn: Decide): Middleware {
  return async (ctx, next) => {
    const answer = await decideOn(asReceived(ctx), ctx.state.portcullis)
    if (answer instanceof Response) {
      ctx.respond = false
      await sendResponse(answer, ctx.req, ctx.res)
      return
    }
    if (answer) ctx.state.portcullis = answer
    await next()
  }
}

/** Koa keeps the target that was received, and a parsed body, beside the Node request that it rewrites. */
function asReceived(ctx: Context): Context['req'] & NodeRequest {
  const { body } = ctx.request as { body?: unknown }
  return Object.assign(ctx.req, { originalUrl: ctx.originalUrl, body })
}
