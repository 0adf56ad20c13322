import { randomBytes } from 'node:crypto'
import { PortcullisError } from '../errors/portcullis-error.js'
import type { CommitResult, Store, Watch, WatchListener } from '../store/store.js'
import { redisCommands } from './commands.js'
import { compareWithMemory } from './compare.js'
import { confirmations, confirmsWithinMs } from './confirm.js'
import { connectionFailures } from './connection-failure.js'
import { watchEpochs } from './epochs.js'
import { withoutArguments } from './failures.js'
import { examineServers, LOSS_WARNING } from './health.js'
import { type RedisStoreOptions, resolveRedisOptions } from './options.js'
import { watchRole } from './role.js'
import { scriptsOn } from './scripts.js'
import { slotsOf } from './slots.js'
import { connectSubscriber, onPublisherLost, publishersOf } from './subscriptions.js'
import { watchChanges } from './watch.js'

export type { RedisStoreOptions, RedisWaitOptions } from './options.js'
export type { RedisClient } from './scripts.js'
export { redisUrlProblem } from './url.js'

/** So long an acknowledgement waits for the witness; a slower disk remembers a moment later. */
const WITNESSED_WITHIN_MS = 50
/** What timers and the loop may take beyond the waiting itself. */
const SLACK_MS = 100

/**
 * Records in Redis or Valkey, for many machines: single, Sentinel or Cluster. Each method is one script or command on
 * one slot; whatever is not answered in time has failed, and nothing is sent twice. Connects in the background and, when
 * the connection is lost, again by itself. Throws `configuration_invalid` that names every problem at once.
 */
export function redisStore(options: RedisStoreOptions): Store {
  const resolved = resolveRedisOptions(options)
  const { client, ownsClient, prefix, heartbeatMs, clock, expire, wait, witness } = resolved
  const channel = `${prefix}:changes`
  const slots = slotsOf(client, prefix)
  const epochs = watchEpochs({ run: scriptsOn(client), slots, channel, clock, witness })
  const listeners = new Set<WatchListener>()
  const role = watchRole(client, ownsClient, () => {
    for (const listener of listeners) listener.lost()
  })
  const commands = redisCommands({ run: epochs.run, slots, prefix, channel, clock, expire })
  const { confirm, ...confirming } = confirmations({ client, slots, epochs, ...wait })
  const comparing = compareWithMemory({ client, epochs, role })
  const watches = new Set<Watch>()
  const waitsWithinMs = Math.max(confirmsWithinMs(wait), witness ? WITNESSED_WITHIN_MS : 0)
  let isClosed = false

  const explain = connectionFailures(client)
  const whileOpen = async <T>(answer: () => Promise<T>): Promise<T> => {
    if (isClosed) throw new PortcullisError('store_unavailable', 'The Redis store is closed')
    try {
      return await answer()
    } catch (cause) {
      throw withoutArguments(explain(cause))
    }
  }
  const onMaster = <T>(answer: () => Promise<T>): Promise<T> =>
    whileOpen(async () => {
      role.requireMaster()
      return answer()
    })
  /** It holds already: nothing here may fail. */
  const confirmed = async (partition: string, result: CommitResult & { committed: true }) => {
    const [replication] = await Promise.all([
      confirm(partition),
      witness && within(WITNESSED_WITHIN_MS, witness.flush()),
    ])
    return replication ? { ...result, replication } : result
  }

  return {
    read: (partition, keys) => onMaster(() => commands.read(partition, keys)),
    async commit(partition, batch) {
      const result = await onMaster(() => commands.commit(partition, batch))
      return batch.confirm && result.committed ? confirmed(partition, result) : result
    },
    page: (partition, ...query) => onMaster(() => commands.page(partition, ...query)),
    count: (partition, ...range) => onMaster(() => commands.count(partition, ...range)),
    watch: (listener) =>
      whileOpen(async () => {
        const watch = await watchChanges(
          {
            connect: () => connectSubscriber(client),
            publishers: () => publishersOf(client),
            onPublisherLost: (lost) => onPublisherLost(client, lost),
            onBeat: comparing.compare,
            changes: channel,
            heartbeats: `${prefix}:heartbeats:${randomBytes(9).toString('base64url')}`,
            heartbeatMs,
          },
          {
            changed: (partition) => listener.changed(partition),
            lost: () => listener.lost(),
            marked: epochs.marked,
            lossChanged: () => listener.lost(),
          },
        )
        watches.add(watch)
        listeners.add(listener)
        return {
          get vouching() {
            return watch.vouching && !role.isReplica
          },
          async close() {
            listeners.delete(listener)
            await watch.close()
          },
        }
      }),
    async health() {
      if (isClosed) return { ok: false, warnings: [] }
      const { ok, warnings } = await examineServers(client, resolved)
      const known = [...(epochs.hasLoss ? [LOSS_WARNING] : []), ...(witness?.warnings ?? [])]
      return { ok, warnings: [...warnings, ...known] }
    },
    confirmsWithinMs: waitsWithinMs === 0 ? 0 : waitsWithinMs + SLACK_MS,
    lossOf: epochs.lossOf,
    acceptLoss: () => whileOpen(epochs.accept),
    async close() {
      if (isClosed) return
      isClosed = true
      for (const watch of watches) await watch.close()
      comparing.stop()
      confirming.close()
      if (ownsClient) client.disconnect()
      await witness?.close()
    },
  }
}

async function within(milliseconds: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([done, late])
  clearTimeout(timer)
}
