import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inTurn } from '@portcullis/core/http'

const DRAIN_MS = 25_000
const HEADERS_WITHIN_MS = 20_000
/**
 * For the whole of a request, however long its answer takes: a gigabyte at 5 Mbit/s. One that trickles holds its place
 * for no longer. The routes of the gate itself have a deadline of seconds.
 */
const REQUEST_WITHIN_MS = 30 * 60_000

/** Answers until the gateway can: a probe that comes early learns that it is alive and not ready, instead of waiting. */
const answerStarting: RequestListener = (req, res) => {
  const isLive = req.url === '/health' && (req.method === 'GET' || req.method === 'HEAD')
  const body = JSON.stringify({ status: isLive ? 'ok' : 'starting' })
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' }
  res.writeHead(isLive ? 200 : 503, isLive ? headers : { ...headers, 'retry-after': '1' })
  res.end(req.method === 'HEAD' ? undefined : body)
}

/** A server that says that it is starting, to whoever comes before `serve`. */
export function startingServer(): Server {
  const deadlines = { headersTimeout: HEADERS_WITHIN_MS, requestTimeout: REQUEST_WITHIN_MS }
  return createServer(deadlines, answerStarting)
}

/** From here on `listener` answers. */
export function serve(server: Server, listener: RequestListener): void {
  server.removeListener('request', answerStarting)
  server.on('request', inTurn(listener))
}

/** Resolves the port. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** Running answers may finish; what still runs at the deadline is broken off. */
export async function stop(server: Server, running: { breakOff: () => Promise<void> }): Promise<void> {
  if (!server.listening) return
  const deadline = setTimeout(() => {
    server.closeAllConnections()
    // WebSockets are no connections of the HTTP server any more, but keep it from closing.
    void running.breakOff()
  }, DRAIN_MS)
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
  clearTimeout(deadline)
}
