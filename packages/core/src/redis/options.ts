import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { PortcullisError } from '../errors/portcullis-error.js'
import { objectOf } from '../input/check.js'
import { hook, integer, type Kind, listOf, nonEmptyText, someObject, text } from '../input/kinds.js'
import { type GivenOptions, optional, readOptions, required, type UsedOptions } from '../input/options.js'
import type { Clock } from '../store/store.js'
import type { Witness } from '../store/witness.js'
import { openMarks, type WitnessedMarks } from './marks.js'
import type { RedisClient } from './scripts.js'
import { redisUrlProblem } from './url.js'

const SENTINELS = objectOf<{
  readonly hosts: readonly string[]
  readonly name: string
  readonly password?: string
  readonly sentinelPassword?: string
}>({ hosts: listOf(text), name: nonEmptyText, password: text, sentinelPassword: text }, ['hosts', 'name'])

const WAIT_OPTIONS = {
  /** How many replicas have to confirm. 0 to 10. */
  replicas: required(within(0, 10)),
  /** For how long that is waited for. 10 to 10000, default 100. */
  timeoutMs: optional(within(10, 10_000), { default: 100 }),
}

const REDIS_OPTIONS = {
  /**
   * A client or cluster of your own, connected as you see fit. Closing the store leaves it open; a server that refuses it
   * its database is disconnected from, as with `url`.
   */
  client: optional<RedisClient>(someObject),
  /**
   * `redis://` or `rediss://`, with user, password and database (`/3`) as needed; no query. While the server has no such
   * database it is as if it were down: nothing is ever kept in another one.
   */
  url: optional(text),
  /** URLs of some nodes of a Redis Cluster, which has database 0 alone; the others are found through them. */
  cluster: optional(listOf(text)),
  /** A Sentinel setup: `HOST:PORT` of the sentinels, and the name of the master that they watch. */
  sentinels: optional(SENTINELS),
  /** Begins every key. Letters, digits, `-` and `_`; default `portcullis`. */
  prefix: optional(text, { default: 'portcullis' }),
  /** A command without an answer by then has failed. 10 to 60000, default 250. */
  commandTimeoutMs: optional(within(10, 60_000), { default: 250 }),
  /** How often the watch proves that it hears. After three that stay away it no longer vouches. 50 to 60000, default 500. */
  heartbeatMs: optional(within(50, 60_000), { default: 500 }),
  /**
   * How many replicas have to have a ban or a revocation (`WAIT`), and for how long that is waited for; what came of it is
   * in the answer. When several wait at once, one may take twice as long. Default: no replica.
   */
  wait: optional(someObject, { read: readWait }),
  /**
   * A directory, outside of Redis, of small files that remember what Redis must still have, so that data lost while no
   * gate was running is noticed. One for each Redis; processes of one machine may share it. Default: nobody remembers.
   */
  witness: optional(objectOf<{ readonly path: string }>({ path: nonEmptyText }, ['path'])),
  /**
   * By how much the clock of this machine may differ from that of Redis before `health` says so: bans and credentials end
   * by the clock of whichever machine asks. 100 to 3600000, default 2000.
   */
  maxClockSkewMs: optional(within(100, 3_600_000), { default: 2000 }),
  /** Only for tests: keys then do not expire by themselves. Default: `Date.now`. */
  clock: optional<Clock>(hook),
}

/** How many replicas have to have a ban or a revocation, and for how long that is waited for. */
export interface RedisWaitOptions extends GivenOptions<typeof WAIT_OPTIONS> {}

export interface RedisStoreOptions extends GivenOptions<typeof REDIS_OPTIONS> {}

type ReadOptions = UsedOptions<typeof REDIS_OPTIONS>

export interface ResolvedRedisOptions {
  readonly client: RedisClient
  readonly ownsClient: boolean
  readonly prefix: string
  readonly heartbeatMs: number
  readonly clock: Clock
  readonly expire: boolean
  readonly wait: { readonly replicas: number; readonly timeoutMs: number }
  readonly witness: Witness<WitnessedMarks> | undefined
  readonly maxClockSkewMs: number
}

/** Connects, in the background. Throws `configuration_invalid` that names every problem at once. */
export function resolveRedisOptions(given: RedisStoreOptions): ResolvedRedisOptions {
  const problems: string[] = []
  const options = readOptions(given, REDIS_OPTIONS, problems, 'redis')
  const { prefix, commandTimeoutMs, heartbeatMs, maxClockSkewMs, wait, clock } = options
  const ways = [options.client, options.url, options.cluster, options.sentinels].filter(
    (way) => way !== undefined,
  )
  if (ways.length !== 1) problems.push('redis: give one of client, url, cluster and sentinels')
  if (!/^[\w-]+$/.test(prefix)) problems.push('redis: prefix may have letters, digits, - and _')
  problems.push(...urlProblems(options))
  if (options.client instanceof Redis && !Number.isInteger(options.client.options.db ?? 0))
    problems.push('redis.client: give it the number of its database')
  for (const host of options.sentinels?.hosts ?? [])
    if (!/^[^:\s]+:\d{1,5}$/.test(host)) problems.push('redis: sentinels are given as HOST:PORT')
  if (problems.length > 0)
    throw new PortcullisError('configuration_invalid', problems.join('; '), { problems })
  const witness = options.witness && openMarks(options.witness.path)
  const client = options.client ?? connect(options, connectionDefaults(commandTimeoutMs))
  const ownsClient = options.client === undefined
  return {
    client,
    ownsClient,
    prefix,
    heartbeatMs,
    clock: clock ?? Date.now,
    expire: clock === undefined,
    wait,
    witness,
    maxClockSkewMs,
  }
}

/**
 * A command that got no answer may have been carried out, so it is never sent again by itself: a charge would double.
 * Nothing waits in a queue for a connection to come back either: whoever asks is told at once.
 */
function connectionDefaults(commandTimeout: number): RedisOptions {
  return {
    commandTimeout,
    // A connection that says nothing is dead, whatever TCP thinks.
    socketTimeout: 4 * commandTimeout,
    sentinelCommandTimeout: commandTimeout,
    // The watch subscribes anew itself; what ioredis does by itself rejects where nobody can handle it.
    autoResubscribe: false,
    connectTimeout: 2000,
    disconnectTimeout: 250,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: true,
    enableReadyCheck: true,
    retryStrategy: (attempt) => Math.min(50 * attempt, 1000),
    // A master that became a replica refuses writes: connect anew, to whoever is master now.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
}

function connect({ url, cluster, sentinels }: ReadOptions, defaults: RedisOptions): RedisClient {
  const client = cluster
    ? new Cluster([...cluster], {
        enableAutoPipelining: true,
        clusterRetryStrategy: (attempt) => Math.min(50 * attempt, 1000),
        // What a lost connection leaves unanswered is not sent again here either.
        retryDelayOnFailover: 0,
        redisOptions: defaults,
        slotsRefreshInterval: 5000,
        slotsRefreshTimeout: 2000,
      })
    : sentinels
      ? // Leaves a master that the sentinels have replaced, also when it lives on and keeps the connection.
        new Redis({ ...defaults, ...sentinelOptions(sentinels), failoverDetector: true })
      : new Redis(url ?? '', defaults)
  // Each failure reaches whoever waits for the command; without a listener ioredis prints it as well.
  client.on('error', () => {})
  return client
}

function sentinelOptions({ hosts, name, password, sentinelPassword }: NonNullable<ReadOptions['sentinels']>) {
  const sentinels = hosts.map((host) => {
    const [address = '', port] = host.split(':')
    return { host: address, port: Number(port) }
  })
  return {
    sentinels,
    name,
    ...(password === undefined ? {} : { password }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
  }
}

function urlProblems({ url, cluster = [] }: ReadOptions): string[] {
  const problem = url === undefined ? undefined : redisUrlProblem(url)
  const nodes = cluster.flatMap((node, at) => {
    const found = redisUrlProblem(node, { isCluster: true })
    return found === undefined ? [] : [`redis.cluster[${at}]: ${found}`]
  })
  return problem === undefined ? nodes : [`redis.url: ${problem}`, ...nodes]
}

function readWait(
  given: RedisWaitOptions = { replicas: 0 },
  problems: string[],
  name: string,
): ResolvedRedisOptions['wait'] {
  return readOptions(given, WAIT_OPTIONS, problems, name)
}

function within(least: number, most: number): Kind<number> {
  const inRange = integer(least, most)
  return Object.assign(
    (name: string, value: unknown, problems: string[]) => {
      const wrong: string[] = []
      inRange(name, value, wrong)
      if (wrong.length > 0)
        problems.push(`redis: ${name.replace('redis.', '')} is an integer from ${least} to ${most}`)
    },
    { range: inRange.range },
  )
}
