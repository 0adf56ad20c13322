import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type Fault, Link, type LinkKind } from './proxy-link.js'

export interface FaultProxy {
  readonly port: number
  readonly url: string
  /** Connections that are open now. */
  readonly connections: number
  /** How often a fault has reset a connection by itself. */
  readonly strikes: number
  /**
   * From now on, for open and new connections. With `only`, for those that turn out to be of that kind, while the
   * others pass.
   */
  inflict(fault: Fault, only?: LinkKind): void
  /** As when a middlebox forgets a connection: the open ones never move again, new ones pass. */
  silenceOpen(only?: LinkKind): void
  /** New connections go to this port, as when an address moves to another machine. */
  retarget(port: number): void
  /** Resets every open connection; with `refuseNew`, each new one as well until `inflict` is called. */
  reset(more?: { readonly refuseNew?: boolean }): void
  close(): Promise<void>
}

const PASS: Fault = { kind: 'pass' }

/** A TCP proxy on a random loopback port. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const links = new Set<Link>()
  let target = targetPort
  let fault = PASS
  let only: LinkKind | undefined
  let refusesNew = false
  let strikes = 0

  const faultFor = (kind: LinkKind) => (only === undefined || kind === only ? fault : PASS)
  const server = createServer((client) => {
    if (refusesNew) {
      client.on('error', () => {})
      client.resetAndDestroy()
      return
    }
    const link = new Link(client, target, {
      faultFor,
      struck: () => {
        strikes += 1
        if (fault.kind === 'resetAfterRequest') fault = PASS
      },
      closed: () => links.delete(link),
    })
    links.add(link)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get connections() {
      return links.size
    },
    get strikes() {
      return strikes
    },
    inflict(next, kind) {
      fault = next
      only = kind
      refusesNew = false
      for (const link of links) link.move()
    },
    silenceOpen(kind) {
      for (const link of links) if (kind === undefined || link.kind === kind) link.silence()
    },
    retarget(next) {
      target = next
    },
    reset({ refuseNew = false } = {}) {
      refusesNew = refuseNew
      for (const link of links) link.reset()
    },
    async close() {
      for (const link of links) link.reset()
      server.close()
      await once(server, 'close')
    },
  }
}
