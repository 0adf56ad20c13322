import { Cluster } from 'ioredis'
import { PortcullisError } from '../errors.js'
import type { RedisClient } from './scripts.js'

export interface Role {
  /** Rejects with `store_unavailable` while the server is known to be a replica. */
  requireMaster(): void
  /** Asks the server for its role. Never rejects. */
  ask(): Promise<void>
}

/**
 * A master that was made a replica keeps its connections and goes on answering reads, from whatever has reached it, and
 * what it publishes nobody else hears. The nodes of a Cluster redirect by themselves then.
 */
export function watchRole(client: RedisClient, ownsClient: boolean): Role {
  let isReplica = false
  return {
    requireMaster() {
      if (isReplica) throw new PortcullisError('store_unavailable', 'Redis has become a replica')
    },
    async ask() {
      if (client instanceof Cluster) return
      const info = await client.info('replication').catch(() => undefined)
      if (info === undefined) return
      isReplica = /^role:(?!master)/m.test(info)
      // Sentinels may know a new master.
      if (isReplica && ownsClient) client.disconnect(true)
    },
  }
}
