import { randomBytes } from 'node:crypto'
import { PortcullisError } from '../errors.js'
import type { Store, Watch } from '../store/store.js'
import { redisCommands } from './commands.js'
import { examineServer } from './health.js'
import { type RedisStoreOptions, resolveRedisOptions } from './options.js'
import { watchChanges } from './watch.js'

export type { RedisStoreOptions } from './options.js'
export type { RedisClient } from './scripts.js'

/**
 * Records in Redis or Valkey, for many machines: single, Sentinel or Cluster. Each method is one script or command on
 * one slot; whatever is not answered in time has failed, and nothing is sent twice. Connects in the background and, when
 * the connection is lost, again by itself. Throws `configuration_invalid` that names every problem at once.
 */
export function redisStore(options: RedisStoreOptions): Store {
  const { client, ownsClient, prefix, heartbeatMs, clock, expire } = resolveRedisOptions(options)
  const channel = `${prefix}:changes`
  const commands = redisCommands({ client, prefix, channel, clock, expire })
  const watches = new Set<Watch>()
  let isClosed = false

  const whileOpen = <T>(answer: () => Promise<T>): Promise<T> =>
    isClosed
      ? Promise.reject(new PortcullisError('store_unavailable', 'The Redis store is closed'))
      : answer()

  return {
    read: (...input) => whileOpen(() => commands.read(...input)),
    commit: (...input) => whileOpen(() => commands.commit(...input)),
    page: (...input) => whileOpen(() => commands.page(...input)),
    count: (...input) => whileOpen(() => commands.count(...input)),
    watch: (listener) =>
      whileOpen(async () => {
        const watch = await watchChanges(
          {
            connect: () => client.duplicate(),
            publish: (to, message) => client.publish(to, message),
            changes: channel,
            heartbeats: `${prefix}:heartbeats:${randomBytes(9).toString('base64url')}`,
            heartbeatMs,
          },
          listener,
        )
        watches.add(watch)
        return watch
      }),
    health: () => (isClosed ? Promise.resolve({ ok: false, warnings: [] }) : examineServer(client)),
    async close() {
      if (isClosed) return
      isClosed = true
      for (const watch of watches) await watch.close()
      if (ownsClient) client.disconnect()
    },
  }
}
