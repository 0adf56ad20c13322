import { createServer, type Server } from 'node:http'
import { type Gate, PortcullisError } from '@portcullis/core'
import { guardServer, listener } from '@portcullis/core/http'
import { recheckFor } from '@portcullis/core/proxy'
import { createProxyServer } from 'http-proxy'

/** What the upstream gets to see of a request. A list of what it must not see would forget something. */
const SENT = new Set(['accept', 'anthropic-version', 'content-length', 'content-type', 'user-agent'])
/** What would speak for the gate's origin, or ask for the upstream's credential. */
const KEPT_BACK = ['set-cookie', 'strict-transport-security', 'www-authenticate']

/** A proxy in a few lines: the gate as a listener of node:http, http-proxy behind it. */
export function proxyWithHttpProxy(gate: Gate, upstream: string): Server {
  const proxy = createProxyServer({ target: upstream })
  const recheck = recheckFor(gate)
  proxy.on('proxyRes', ({ headers }) => {
    for (const name of KEPT_BACK) delete headers[name]
  })
  const forward = listener(gate, (req, res, identity) => {
    // http-proxy gives some of these the length 0, and the upstream would take the body for a second request.
    if ('transfer-encoding' in req.headers) return res.writeHead(411).end()
    for (const name of Object.keys(req.headers)) if (!SENT.has(name)) delete req.headers[name]
    return new Promise<void>((resolve, reject) => {
      const unwatch = recheck.watch(identity, () => res.destroy())
      res.once('close', () => {
        unwatch()
        resolve()
      })
      proxy.web(req, res, { headers: { 'x-portcullis-email': identity.email } }, (cause) =>
        reject(new PortcullisError('upstream_unavailable', 'The upstream did not answer', { cause })),
      )
    })
  })
  const server = createServer(forward).once('close', () => {
    recheck.close()
    proxy.close()
  })
  guardServer(server, gate)
  return server
}
