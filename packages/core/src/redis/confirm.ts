import { Cluster, type Redis } from 'ioredis'
import type { Replication } from '../store/store.js'
import type { Epochs } from './epochs.js'
import { type RedisClient, scriptsOn } from './scripts.js'
import type { Slots } from './slots.js'

export interface ConfirmOptions {
  readonly client: RedisClient
  readonly slots: Slots
  readonly epochs: Epochs
  readonly channel: string
  /** 0: nobody waits for replicas. */
  readonly replicas: number
  readonly timeoutMs: number
}

export interface Confirmations {
  /**
   * Marks the slot of a partition after a revocation and waits until enough replicas have both, or the time is over.
   * Never rejects: the revocation holds already. Undefined when nobody waits for replicas.
   */
  confirm(partition: string): Promise<Replication | undefined>
  close(): void
}

/** Waiting holds up a connection, so it has one of its own to each master. */
export function confirmations(options: ConfirmOptions): Confirmations {
  const { client, slots, epochs, channel, replicas, timeoutMs } = options
  const waiting = new Map<string, Redis>()

  const connectionTo = (master: string): Redis => {
    const open = waiting.get(master)
    if (open) return open
    const commandTimeout = timeoutMs + 250
    const connection = masterNode(client, master).duplicate({ commandTimeout, enableAutoPipelining: false })
    connection.on('error', () => {})
    connection.once('end', () => waiting.delete(master))
    waiting.set(master, connection)
    return connection
  }
  const mark = async (on: RedisClient, slot: number) => {
    const epoch = slots.epochKey(slot)
    const [id = '', marks] = (await scriptsOn(on)('mark', [epoch], channel, slot)) as string[]
    epochs.remember(slot, id, Number(marks))
  }

  return {
    async confirm(partition) {
      const slot = slots.slotOf(partition)
      if (replicas === 0) {
        await mark(client, slot).catch(() => {})
        return undefined
      }
      try {
        const connection = connectionTo(slots.masterOf(slot))
        await mark(connection, slot)
        return { requested: replicas, confirmed: await connection.wait(replicas, timeoutMs) }
      } catch {
        return { requested: replicas, confirmed: 0 }
      }
    },
    close() {
      for (const connection of waiting.values()) connection.disconnect()
    },
  }
}

function masterNode(client: RedisClient, master: string): Redis {
  if (!(client instanceof Cluster)) return client
  const node = client.nodes('master').find(({ options: { host, port } }) => `${host}:${port}` === master)
  if (!node) throw new Error('no master serves the slot')
  return node
}
