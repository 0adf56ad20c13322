// Found in review: the upstream's origin beside the credentials that a CORS middleware had allowed let any site in.

import { describe, expect, it } from 'vitest'
import { call, startGate, startUpstream } from './harness.js'

describe('CORS that somebody decided before the forwarder', () => {
  it('is not mixed with what the upstream says, and what a response varies by adds up', async () => {
    const { url } = await startUpstream((req, res) => {
      res.setHeader('access-control-allow-origin', String(req.headers.origin))
      res.setHeader('access-control-expose-headers', 'x-secret')
      res.setHeader('vary', 'accept')
      res.end('ok')
    })
    const { port } = await startGate(
      { upstream: { url } },
      {
        async before(_req, res) {
          res.setHeader('access-control-allow-origin', 'https://app.test')
          res.setHeader('access-control-allow-credentials', 'true')
          res.setHeader('vary', 'origin')
        },
      },
    )
    const { headers } = await call(port, { path: '/a', headers: { origin: 'https://evil.test' } })
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://app.test',
      'access-control-allow-credentials': 'true',
      vary: 'origin, accept',
    })
    expect(headers['access-control-expose-headers']).toBeUndefined()
  })

  it('is the upstream’s where nobody else has decided', async () => {
    const { url } = await startUpstream((_req, res) => {
      res.setHeader('access-control-allow-origin', '*').end('ok')
    })
    const { port } = await startGate({ upstream: { url } })
    expect((await call(port, { path: '/a' })).headers['access-control-allow-origin']).toBe('*')
  })
})
