import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SlowGate {
  readonly url: string
  /** Resolves when the token endpoint is asked. */
  readonly asked: Promise<void>
  answer(body: Record<string, unknown>, status?: number): void
  stop(): Promise<void>
}

/** A gate whose token endpoint answers when, and what, the test wants. */
export async function startSlowGate(): Promise<SlowGate> {
  let url = ''
  let waiting: ServerResponse | undefined
  let onAsked = () => {}
  const asked = new Promise<void>((resolve) => {
    onAsked = resolve
  })
  const send = (response: ServerResponse, body: unknown, status = 200) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const server = createServer((request, response) => {
    if (request.url === '/oauth2/token') {
      waiting = response
      onAsked()
      return
    }
    send(response, {
      issuer: url,
      token_endpoint: `${url}/oauth2/token`,
      device_authorization_endpoint: `${url}/oauth2/device_authorization`,
      revocation_endpoint: `${url}/oauth2/revoke`,
    })
  }).listen(0, 'localhost')
  await once(server, 'listening')
  url = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    answer(body, status) {
      if (!waiting) throw new Error('nobody asked')
      send(waiting, body, status)
    },
    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
