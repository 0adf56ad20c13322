import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { backChannelLogout } from '../../src/back-channel-logout/plugin.js'
import type { GateEvent } from '../../src/context/event.js'
import { device } from '../../src/device/plugin.js'
import { createGate } from '../../src/gate/create-gate.js'
import { listener } from '../../src/http/server/node.js'
import { lmdbStore } from '../../src/lmdb/index.js'
import { masterKey } from '../../src/master-key/plugin.js'
import { oauth } from '../../src/oauth/plugin.js'
import { redisStore } from '../../src/redis/index.js'
import { scim } from '../../src/scim/plugin.js'
import type { Store } from '../../src/store/store.js'

/** What the flood has left in the gate, as its process tells it. */
export interface FloodReport {
  /** Partitions that were written to, each as often as it was. */
  readonly written: readonly string[]
  readonly actions: readonly string[]
  readonly warnings: number
  readonly rss: number
}

const [place = '', key = ''] = process.argv.slice(2)
const inner = place.startsWith('redis://') ? redisStore({ url: place }) : lmdbStore({ path: place })
const written: string[] = []
const events: GateEvent[] = []
const store: Store = {
  ...inner,
  commit(partition, batch) {
    written.push(partition)
    return inner.commit(partition, batch)
  },
}

const gate = await createGate({
  store,
  publicUrl: 'http://localhost',
  secret: 'f3Yq0wXn7ZrT5kLb2VhJ8cPdGm4sQaEu',
  keys: [{ algorithm: 'HS256', secret: 'Jw6TzBq1Rv8NxK3mHy5LcGd0SfPa9EuO' }],
  plugins: [
    masterKey({ key }),
    scim({ secret: 'Zt5RkQ8wNc2YhV7mXb4LpJ9sDf6GaEu3' }),
    backChannelLogout(),
    oauth(),
    device(),
  ],
  identityProvider: {
    issuer: 'https://idp.test',
    begin: async ({ state }) => new URL(`https://idp.test/auth?state=${state}`),
    complete: () => Promise.reject(new Error('not asked')),
    logoutUrl: async () => undefined,
    ready: async () => true,
  },
  onEvent: (event) => events.push(event),
})
const server = createServer(listener(gate, (_req, res) => res.end())).listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.((server.address() as AddressInfo).port)
process.on('message', async () => {
  const { items } = await gate.audit.list({ limit: 200 })
  const report: FloodReport = {
    written: written.splice(0),
    actions: items.map(({ action }) => action),
    warnings: events.filter(({ level }) => level !== 'info').length,
    rss: process.memoryUsage().rss,
  }
  process.send?.(report)
})
