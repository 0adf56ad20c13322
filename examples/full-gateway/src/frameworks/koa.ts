import { forwardTo, portcullis } from '@portcullis/koa'
import Koa from 'koa'
import { logRequest } from '../logging.js'
import { DRAINING, HOME, type Wire } from './wiring.js'

/** The gateway on Koa. */
export const wire: Wire = ({ gate, forwarder, log, isDraining }) => {
  const app = new Koa()
  app.on('error', (err: unknown) =>
    log[isOfTheConnection(err) ? 'debug' : 'error']({ err }, 'a request failed'),
  )
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

/** Koa also reports a client that is gone, and one whose bytes are no HTTP: nothing in which the gateway failed. */
function isOfTheConnection(err: unknown): boolean {
  const code = err instanceof Error && 'code' in err ? String(err.code) : ''
  return /^(HPE_|ECONNRESET$|ECONNABORTED$|EPIPE$|ERR_STREAM_PREMATURE_CLOSE$)/.test(code)
}
