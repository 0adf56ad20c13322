import { randomBytes } from 'node:crypto'
import { PortcullisError } from '../errors.js'
import type { Store, Watch } from '../store/store.js'
import { redisCommands } from './commands.js'
import { confirmations } from './confirm.js'
import { connectionFailures } from './connection-failure.js'
import { watchEpochs } from './epochs.js'
import { examineServer, LOSS_WARNING } from './health.js'
import { type RedisStoreOptions, resolveRedisOptions } from './options.js'
import { slotsOf } from './slots.js'
import { connectSubscriber, onPublisherLost, publishersOf } from './subscriptions.js'
import { watchChanges } from './watch.js'

export type { RedisStoreOptions } from './options.js'
export type { RedisClient } from './scripts.js'

/**
 * Records in Redis or Valkey, for many machines: single, Sentinel or Cluster. Each method is one script or command on
 * one slot; whatever is not answered in time has failed, and nothing is sent twice. Connects in the background and, when
 * the connection is lost, again by itself. Throws `configuration_invalid` that names every problem at once.
 */
export function redisStore(options: RedisStoreOptions): Store {
  const { client, ownsClient, prefix, heartbeatMs, clock, expire, wait } = resolveRedisOptions(options)
  const channel = `${prefix}:changes`
  const commands = redisCommands({ client, prefix, channel, clock, expire })
  const slots = slotsOf(client, prefix)
  const epochs = watchEpochs({ client, slots, channel, clock })
  const { confirm, ...confirming } = confirmations({ client, slots, epochs, channel, ...wait })
  const watches = new Set<Watch>()
  let isClosed = false

  const explain = connectionFailures(client)
  const whileOpen = async <T>(answer: () => Promise<T>): Promise<T> => {
    if (isClosed) throw new PortcullisError('store_unavailable', 'The Redis store is closed')
    try {
      return await answer()
    } catch (cause) {
      throw explain(cause)
    }
  }
  const guarded = <T>(partition: string, answer: () => Promise<T>): Promise<T> =>
    whileOpen(() => epochs.guard(partition, answer))

  return {
    read: (partition, keys) => guarded(partition, () => commands.read(partition, keys)),
    async commit(partition, batch) {
      const result = await guarded(partition, () => commands.commit(partition, batch))
      if (!batch.confirm || !result.committed) return result
      const replication = await confirm(partition)
      return replication ? { ...result, replication } : result
    },
    page: (partition, ...query) => guarded(partition, () => commands.page(partition, ...query)),
    count: (partition, ...range) => guarded(partition, () => commands.count(partition, ...range)),
    watch: (listener) =>
      whileOpen(async () => {
        const watch = await watchChanges(
          {
            connect: () => connectSubscriber(client),
            publishers: () => publishersOf(client),
            onPublisherLost: (lost) => onPublisherLost(client, lost),
            changes: channel,
            heartbeats: `${prefix}:heartbeats:${randomBytes(9).toString('base64url')}`,
            heartbeatMs,
          },
          {
            changed: (partition) => listener.changed(partition),
            lost: () => listener.lost(),
            marked: epochs.remember,
            accepted() {
              epochs.reread()
              listener.lost()
            },
            replaced(slot, id) {
              if (epochs.replaced(slot, id)) listener.lost()
            },
          },
        )
        watches.add(watch)
        return watch
      }),
    async health() {
      if (isClosed) return { ok: false, warnings: [] }
      const { ok, warnings } = await examineServer(client)
      return { ok, warnings: epochs.hasLoss ? [...warnings, LOSS_WARNING] : warnings }
    },
    confirmsWithinMs: wait.replicas === 0 ? 0 : wait.timeoutMs,
    lossOf: epochs.lossOf,
    acceptLoss: () => whileOpen(epochs.accept),
    async close() {
      if (isClosed) return
      isClosed = true
      for (const watch of watches) await watch.close()
      epochs.stop()
      confirming.close()
      if (ownsClient) client.disconnect()
    },
  }
}
