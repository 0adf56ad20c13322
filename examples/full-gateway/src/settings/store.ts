import type { SettingName } from './fields.js'
import type { Values } from './values.js'

/** Where records are kept: embedded in the data directory, or in Redis for many machines. */
export type StoreSettings =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'redis'; readonly url: string; readonly wait: ReplicaSettings }
  | { readonly kind: 'cluster'; readonly urls: readonly string[]; readonly wait: ReplicaSettings }
  | {
      readonly kind: 'sentinels'
      readonly hosts: readonly string[]
      readonly name: string
      readonly wait: ReplicaSettings
    }

/** How many replicas have to confirm a ban or a revocation, and for how long that is waited for. */
export interface ReplicaSettings {
  readonly replicas: number
  readonly timeoutMs: number
}

const WAYS = ['REDIS_URL', 'REDIS_CLUSTER', 'REDIS_SENTINELS'] as const
const NEED_REDIS = ['REDIS_REPLICAS', 'REDIS_REPLICAS_TIMEOUT_MS', 'ON_DATA_LOSS'] as const

export function readStore(
  values: Values,
  isSet: (name: SettingName) => boolean,
  problems: string[],
  warnings: string[],
): StoreSettings {
  const { REDIS_URL: url, REDIS_CLUSTER: urls, REDIS_SENTINELS: hosts, REDIS_MASTER: name } = values
  const wait = { replicas: values.REDIS_REPLICAS, timeoutMs: values.REDIS_REPLICAS_TIMEOUT_MS }
  const ways = WAYS.filter(isSet)
  if (ways.length > 1) problems.push(`${ways[0]}: set one of ${ways.join(', ')}, not several`)
  if (isSet('REDIS_SENTINELS') !== isSet('REDIS_MASTER'))
    problems.push('REDIS_MASTER: goes with REDIS_SENTINELS; give the name of the master that they watch')
  if (ways.length === 0)
    for (const idle of NEED_REDIS.filter(isSet)) warnings.push(`${idle} has no effect without Redis`)
  if (isSet('REDIS_REPLICAS_TIMEOUT_MS') && wait.replicas === 0)
    warnings.push('REDIS_REPLICAS_TIMEOUT_MS has no effect without REDIS_REPLICAS')
  if (url !== undefined) return { kind: 'redis', url, wait }
  if (urls !== undefined) return { kind: 'cluster', urls, wait }
  return hosts !== undefined && name !== undefined
    ? { kind: 'sentinels', hosts, name, wait }
    : { kind: 'embedded' }
}
