import { Cluster } from 'ioredis'
import type { StoreHealth } from '../store/store.js'
import type { RedisClient } from './scripts.js'

export const LOSS_WARNING =
  'Redis came back without records that it had acknowledged. What was issued before is refused until the loss is accepted; bans may have to be placed again.'

const OLDEST_VERSION = [6, 2]

/** What an operator should know of the servers: eviction, persistence, version. Not ok when one cannot be asked. */
export async function examineServer(client: RedisClient): Promise<StoreHealth> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client]
  try {
    const infos = await Promise.all(nodes.map((node) => node.info()))
    return { ok: nodes.length > 0, warnings: [...new Set(infos.flatMap(warningsOf))] }
  } catch {
    return { ok: false, warnings: ['Redis does not answer.'] }
  }
}

function warningsOf(info: string): string[] {
  const fields = new Map(info.split('\r\n').map((line) => line.split(':', 2) as [string, string]))
  const warnings: string[] = []
  const policy = fields.get('maxmemory_policy')
  if (policy !== undefined && policy !== 'noeviction')
    warnings.push('Redis may evict records, and bans with them: set maxmemory-policy to noeviction.')
  if (fields.get('aof_enabled') === '0')
    warnings.push(
      'Redis keeps no append-only file: a restart may forget bans and revocations. Set appendonly to yes.',
    )
  const version = (fields.get('redis_version') ?? '').split('.').map(Number)
  if (isOlder(version)) warnings.push('Redis is older than 6.2.')
  return warnings
}

function isOlder([major = 0, minor = 0]: readonly number[]): boolean {
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_VERSION
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor)
}
