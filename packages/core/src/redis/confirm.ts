import { Cluster, type Redis } from 'ioredis'
import type { Replication } from '../store/store.js'
import type { Epochs } from './epochs.js'
import { type RedisClient, scriptsOn } from './scripts.js'
import type { Slots } from './slots.js'

export interface ConfirmOptions {
  readonly client: RedisClient
  readonly slots: Slots
  readonly epochs: Epochs
  /** 0: nobody waits for replicas. */
  readonly replicas: number
  readonly timeoutMs: number
}

export interface Confirmations {
  /**
   * Waits until enough replicas have what was committed to a partition, for at most `confirmsWithinMs`. Never rejects:
   * the change holds already. Undefined when nobody waits for replicas.
   */
  confirm(partition: string): Promise<Replication | undefined>
  close(): void
}

interface Waiter {
  readonly slot: number
  readonly settle: (confirmed: number) => void
}

/** A change may come while others are waited for, and is then part of the next round. */
export function confirmsWithinMs({ replicas, timeoutMs }: { replicas: number; timeoutMs: number }): number {
  return replicas === 0 ? 0 : 2 * timeoutMs
}

/**
 * One `WAIT` at a time to each master confirms everything that was committed there before. `WAIT` blocks its connection,
 * which therefore is one of its own, and tells of the last write of that connection (redis.io/commands/wait), so a small
 * write goes before it: the stream to the replicas has one order, and what was committed earlier lies before that write.
 */
export function confirmations(options: ConfirmOptions): Confirmations {
  const { client, slots, epochs, replicas, timeoutMs } = options
  const connections = new Map<string, Redis>()
  const waiting = new Map<string, Waiter[]>()
  const underWay = new Set<string>()

  const connectionTo = (master: string): Redis => {
    const open = connections.get(master)
    if (open) return open
    const commandTimeout = timeoutMs + 250
    const connection = masterNode(client, master).duplicate({ commandTimeout, enableAutoPipelining: false })
    connection.on('error', () => {})
    connection.once('end', () => connections.delete(master))
    connections.set(master, connection)
    return connection
  }
  /** Which slots hold what was committed to them, and how many replicas have that. */
  const waitOnce = async (master: string, concerned: readonly number[]) => {
    const connection = connectionTo(master)
    const run = scriptsOn(connection)
    const written = await Promise.allSettled(
      concerned.map((slot) => {
        const { id, marks, last } = epochs.known(slot)
        return run('confirm', [slots.epochKey(slot)], id, marks, last)
      }),
    )
    const proven = new Set(concerned.filter((_, index) => written[index]?.status === 'fulfilled'))
    return { proven, confirmed: proven.size === 0 ? 0 : await connection.wait(replicas, timeoutMs) }
  }
  const confirmAll = async (master: string) => {
    if (underWay.has(master)) return
    underWay.add(master)
    for (;;) {
      const round = waiting.get(master) ?? []
      waiting.delete(master)
      if (round.length === 0) break
      const concerned = [...new Set(round.map(({ slot }) => slot))]
      const { proven, confirmed } = await waitOnce(master, concerned).catch(() => NOTHING)
      for (const { slot, settle } of round) settle(proven.has(slot) ? confirmed : 0)
    }
    underWay.delete(master)
  }

  return {
    confirm(partition) {
      if (replicas === 0) return Promise.resolve(undefined)
      return new Promise((resolve) => {
        const slot = slots.slotOf(partition)
        const master = slots.masterOf(slot)
        const settle = (confirmed: number) => {
          clearTimeout(timer)
          resolve({ requested: replicas, confirmed })
        }
        const timer = setTimeout(() => settle(0), confirmsWithinMs({ replicas, timeoutMs }))
        const round = waiting.get(master) ?? []
        round.push({ slot, settle })
        waiting.set(master, round)
        void confirmAll(master)
      })
    },
    close() {
      for (const connection of connections.values()) connection.disconnect()
    },
  }
}

const NOTHING = { proven: new Set<number>(), confirmed: 0 }

function masterNode(client: RedisClient, master: string): Redis {
  if (!(client instanceof Cluster)) return client
  const node = client.nodes('master').find(({ options: { host, port } }) => `${host}:${port}` === master)
  if (!node) throw new Error('no master serves the slot')
  return node
}
