import { Cluster } from 'ioredis'
import { PortcullisError } from '../errors/portcullis-error.js'
import type { RedisClient } from './scripts.js'

export interface Role {
  /** Rejects with `store_unavailable` while the server is known to be a replica. */
  requireMaster(): void
  readonly isReplica: boolean
  /** Asks the server for its role. Never rejects. */
  ask(): Promise<void>
}

/**
 * A master that was made a replica keeps its connections and goes on answering reads, from whatever has reached it, and
 * what it publishes nobody else hears. The nodes of a Cluster redirect by themselves then.
 */
export function watchRole(client: RedisClient, ownsClient: boolean, becameReplica: () => void): Role {
  let isReplica = false
  return {
    get isReplica() {
      return isReplica
    },
    requireMaster() {
      if (isReplica) throw new PortcullisError('store_unavailable', 'Redis has become a replica')
    },
    async ask() {
      if (client instanceof Cluster) return
      const info = await client.info('replication').catch(() => undefined)
      if (info === undefined) return
      const wasReplica = isReplica
      isReplica = /^role:(?!master)/m.test(info)
      if (!isReplica) return
      if (!wasReplica) becameReplica()
      // Sentinels may know a new master.
      if (ownsClient) client.disconnect(true)
    },
  }
}
