import { forwardTo, portcullis } from '@portcullis/koa'
import Koa from 'koa'
import { logRequest } from '../logging.js'
import { DRAINING, HOME, type Wire } from './wiring.js'

/** The gateway on Koa. */
export const wire: Wire = ({ gate, forwarder, log, isDraining }) => {
  const app = new Koa()
  app.on('error', (err: unknown) => log.error({ err }, 'a request failed'))
  app.use((ctx, next) => {
    logRequest(log, ctx.req, ctx.res, () => ({ account: ctx.state.portcullis?.email }))
    return next()
  })
  app.use((ctx, next) => {
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD'
    if (isRead && ctx.path === '/') return ctx.redirect(HOME)
    if (!isRead || ctx.path !== '/ready' || !isDraining()) return next()
    ctx.status = DRAINING.status
    ctx.set('retry-after', DRAINING.retryAfterSeconds)
    ctx.body = DRAINING.body
  })
  app.use(portcullis(gate))
  app.use(forwardTo(forwarder))
  return app.callback()
}
