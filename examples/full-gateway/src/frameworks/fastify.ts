import { decide } from '@portcullis/core/http'
import { forwardTo, portcullis } from '@portcullis/fastify'
import type { FastifyReply } from 'fastify'
import Fastify from 'fastify'
import { logRequest } from '../logging.js'
import { DRAINING, HOME, type Wire } from './wiring.js'

/** The gateway on Fastify. */
export const wire: Wire = async ({ gate, forwarder, log, isDraining }) => {
  const app = Fastify({
    // A target that cannot be decoded meets no hook; the gate says what is wrong with it.
    frameworkErrors: (error, { raw }, reply: FastifyReply) => {
      decide(gate, raw).then(
        (answer) => reply.send(answer instanceof Response ? answer : error),
        (cause) => reply.send(cause),
      )
    },
  })
  app.addHook('onRequest', (request, reply, done) => {
    logRequest(log, request.raw, reply.raw, () => ({ account: request.portcullis?.email }))
    done()
  })
  app.addHook('onRequest', (request, reply, done) => {
    if (!isDraining() || request.url.split('?', 1)[0] !== '/ready') return done()
    reply.code(DRAINING.status).header('retry-after', DRAINING.retryAfterSeconds).send(DRAINING.body)
  })
  app.get('/', (_request, reply) => reply.redirect(HOME))
  app.register((gated, _options, done) => {
    gated.register(portcullis(gate))
    gated.register(forwardTo(forwarder))
    done()
  })
  await app.ready()
  return app.routing
}
