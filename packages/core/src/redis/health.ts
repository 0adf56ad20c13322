import { Cluster, type Redis } from 'ioredis'
import type { Clock, StoreHealth } from '../store/store.js'
import type { RedisClient } from './scripts.js'

export const LOSS_WARNING =
  'Redis came back without records that it had acknowledged. What was issued before is refused until the loss is accepted; bans may have to be placed again.'

const OLDEST_VERSION = [6, 2]
const NEARLY_FULL = 0.9

export interface ExaminedBy {
  readonly clock: Clock
  readonly maxClockSkewMs: number
}

/**
 * What an operator should know of the servers: eviction, persistence, room, version, and whether their clocks and ours
 * agree. Not ok when one cannot be asked.
 */
export async function examineServers(client: RedisClient, by: ExaminedBy): Promise<StoreHealth> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client]
  try {
    const found = await Promise.all(
      nodes.map(async (node) => [...warningsOf(await node.info()), ...(await compareClocks(node, by))]),
    )
    return { ok: nodes.length > 0, warnings: [...new Set(found.flat())] }
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
  const [used, most] = [Number(fields.get('used_memory')), Number(fields.get('maxmemory'))]
  if (most > 0 && used >= most)
    warnings.push('Redis is full: it takes bans and revocations, and no ordinary records. Raise maxmemory.')
  else if (most > 0 && used >= NEARLY_FULL * most)
    warnings.push(
      'Redis has filled more than 90 % of its maxmemory. Raise it before ordinary records are refused.',
    )
  const version = (fields.get('redis_version') ?? '').split('.').map(Number)
  if (isOlder(version)) warnings.push('Redis is older than 6.2.')
  return warnings
}

/** The answer was made somewhere between question and receipt: only what no such instant explains is a difference. */
async function compareClocks(node: Redis, { clock, maxClockSkewMs }: ExaminedBy): Promise<string[]> {
  const askedAt = clock()
  const [seconds = 0, microseconds = 0] = await node.time()
  const answeredAt = clock()
  const theirs = Number(seconds) * 1000 + Number(microseconds) / 1000
  const skew = Math.max(askedAt - theirs, theirs - answeredAt)
  if (skew <= maxClockSkewMs) return []
  return [
    `The clock of this machine and that of Redis differ by more than ${maxClockSkewMs} ms: bans and credentials end too early or too late here.`,
  ]
}

function isOlder([major = 0, minor = 0]: readonly number[]): boolean {
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_VERSION
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor)
}
