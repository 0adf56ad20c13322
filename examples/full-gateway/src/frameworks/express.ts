import { forwardTo, portcullis } from '@portcullis/express'
import express from 'express'
import { requestLogging } from '../logging.js'
import { DRAINING, HOME, type Wire } from './wiring.js'

/** The gateway on Express. */
export const wire: Wire = ({ gate, forwarder, log, isDraining }) => {
  const app = express().disable('x-powered-by')
  app.use(requestLogging(log, (req) => ({ account: req.portcullis?.email })))
  app.get('/ready', (_req, res, next) => {
    if (!isDraining()) return next()
    res.status(DRAINING.status).set('retry-after', DRAINING.retryAfterSeconds).json(DRAINING.body)
  })
  app.get('/', (_req, res) => res.redirect(302, HOME))
  app.use(portcullis(gate))
  app.use(forwardTo(forwarder))
  return app
}
