import type { Gate, Identity } from '@portcullis/core'
import {
  type Answer,
  checkForwarder,
  checkMount,
  decide,
  decideFor,
  decideIfSent,
  type LeastRole,
} from '@portcullis/core/http'
import type { Forwarder } from '@portcullis/core/proxy'
import type { FastifyPluginCallback, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling; set by `portcullis(gate)` on every request that it lets through. */
    portcullis: Identity | null
  }
}

/**
 * The gate as a Fastify plugin, for the instance that it is registered on and everything below. Answers the gate's own
 * paths, denials and logins in an `onRequest` hook, before any body is read; lets everybody else on with
 * `request.portcullis` set. What it cannot handle reaches the error handler.
 */
export function portcullis(gate: Gate): FastifyPluginCallback {
  checkMount(gate)
  return plugin((request) => decide(gate, request.raw))
}

/** As `portcullis(gate)`, but who sends no credential goes on, without an identity. A bad credential is refused. */
export function optional(gate: Gate): FastifyPluginCallback {
  checkMount(gate)
  return plugin((request) => decideIfSent(gate, request.raw))
}

/** An `onRequest` hook of a route, for whose role is at least this one: 403 `role_insufficient`, 401 for nobody. */
export function requireRole(gate: Gate, role: LeastRole): onRequestAsyncHookHandler {
  checkMount(gate, { role })
  return hook((request) => decideFor(gate, request.raw, request.portcullis, { role }))
}

/** An `onRequest` hook of a route, for whose credential carries the scope: 403 `scope_insufficient`, 401 for nobody. */
export function requireScope(gate: Gate, scope: string): onRequestAsyncHookHandler {
  checkMount(gate, { scope })
  return hook((request) => decideFor(gate, request.raw, request.portcullis, { scope }))
}

/** An `onRequest` hook of a route, for whose session is of somebody in the group: 403 `group_insufficient`, 401 for nobody. */
export function requireGroup(gate: Gate, group: string): onRequestAsyncHookHandler {
  checkMount(gate, { group })
  return hook((request) => decideFor(gate, request.raw, request.portcullis, { group }))
}

/**
 * Forwards what `portcullis(gate)` let through, streaming both ways: everything under the prefix that it is registered
 * with and that no other route takes. A scope of its own, in which no body is parsed. Headers set on `reply` are sent.
 */
export function forwardTo(forwarder: Pick<Forwarder, 'forward'>): FastifyPluginCallback {
  checkForwarder(forwarder)
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    if (!request.portcullis) throw new Error('Register portcullis(gate) before forwardTo(forwarder)')
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value)
    reply.hijack()
    await forwarder.forward(request.raw, reply.raw, request.portcullis)
  }
  return (scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _body, parsed) => parsed(null))
    for (const url of scope.prefix === '' ? ['/*'] : ['', '/*']) {
      // @fastify/cors has a route for OPTIONS everywhere, and answers there.
      const isFree = (method: string) => method !== 'OPTIONS' || !scope.hasRoute({ method, url })
      scope.route({ method: scope.supportedMethods.filter(isFree), url, handler })
    }
    done()
  }
}

type Decide = (request: FastifyRequest) => Promise<Answer | undefined>

function hook(decideOn: Decide): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const answer = await decideOn(request)
    if (answer instanceof Response) return reply.send(answer)
    if (answer) request.portcullis = answer
  }
}

function plugin(decideOn: Decide): FastifyPluginCallback {
  return fp(
    (app, _options, done) => {
      if (!app.hasRequestDecorator('portcullis')) app.decorateRequest('portcullis', null)
      app.addHook('onRequest', hook(decideOn))
      done()
    },
    { fastify: '5.x', name: '@portcullis/fastify' },
  )
}
