import { Redis } from 'ioredis'
import { createSecrets, issue, openGate, openRedisStore } from '../gate.mjs'
import { interleave, median, medianRatio } from '../measure.mjs'
import { startProgram, startRedis } from '../processes.mjs'
import { commandsBetween, countCommands } from '../redis-info.mjs'
import { format } from '../report.mjs'

const ACCOUNTS = 100
const CONNECTIONS = 32
const WARM_UP_MS = 1_000
const SERVERS = /** @type {const} */ (['bare', 'portcullis', 'handwritten', 'bare-proxy', 'portcullis-proxy'])
const PROXIES = /** @type {const} */ (['bare-proxy', 'portcullis-proxy'])

/** @typedef {(typeof SERVERS)[number]} Variant */

/**
 * One round of requests to one server.
 *
 * @typedef {object} Round
 * @property {number} perSecond
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} answered
 * @property {Record<string, number>} commands what Redis was asked meanwhile
 */

/**
 * Requests per second through Express, as servers that differ in what stands before the handler or the upstream; and
 * what each of them asks of Redis.
 *
 * @param {import('../settings.mjs').Settings} settings
 * @returns {Promise<import('../report.mjs').Row[]>}
 */
export async function measureRequests({ rounds, loadMs }) {
  const { run, release } = await prepare()
  // Each token is met once before many ask for it at a time: steady state is what counts here.
  await interleave(SERVERS, 1, (variant) => run(variant, 1, WARM_UP_MS))
  await interleave(SERVERS, 1, (variant) => run(variant, CONNECTIONS, loadMs))
  const busy = await interleave(SERVERS, rounds, (variant) => run(variant, CONNECTIONS, loadMs))
  await interleave(PROXIES, 1, (variant) => run(variant, 1, loadMs / 2))
  const alone = await interleave(PROXIES, rounds, (variant) => run(variant, 1, loadMs / 2))
  release()
  return [
    ratioRow('Express + Portcullis on Redis', 'bare Express handler', busy.portcullis, busy.bare, 0.92),
    ratioRow('Express + jose + one Redis GET, by hand', 'bare Express handler', busy.handwritten, busy.bare),
    ratioRow(
      'Express + Portcullis + `forwardTo`, without metering',
      'bare http-proxy in Express',
      busy['portcullis-proxy'],
      busy['bare-proxy'],
      0.8,
    ),
    overheadRow(alone['portcullis-proxy'], alone['bare-proxy']),
    commandsRow('Express + Portcullis', busy.portcullis, 0.3),
    commandsRow('Express + Portcullis + `forwardTo`', busy['portcullis-proxy'], 0.3),
    commandsRow('Express + jose + one Redis GET, by hand', busy.handwritten),
  ]
}

/** Starts Redis, every server and the client; answers how to run one round, and how to end. */
async function prepare() {
  const { url: redisUrl } = await startRedis()
  const secrets = createSecrets()
  const tokens = await issueTokens(redisUrl, secrets)
  /** @param {object} options */
  const start = (options) =>
    startProgram(new URL('../programs/server.mjs', import.meta.url), { redisUrl, secrets, ...options })
  const { greeting: upstream } = await start({ variant: 'upstream' })
  /** @type {Map<Variant, number>} */
  const ports = new Map()
  for (const variant of SERVERS) {
    const { greeting } = await start({ variant, upstream: `http://127.0.0.1:${upstream.port}` })
    ports.set(variant, greeting.port)
  }
  const load = await startProgram(new URL('../programs/load.mjs', import.meta.url))
  const redis = new Redis(redisUrl)

  /**
   * @param {Variant} variant
   * @param {number} connections
   * @param {number} durationMs
   * @returns {Promise<Round>}
   */
  const run = async (variant, connections, durationMs) => {
    const before = await countCommands(redis)
    const port = ports.get(variant)
    const request = { port, path: '/v1/models', tokens, connections, durationMs, warmUpMs: durationMs / 5 }
    const round = await load.ask(request)
    return { ...round, commands: commandsBetween(before, await countCommands(redis)) }
  }
  return { run, release: () => redis.disconnect() }
}

/**
 * @param {string} redisUrl
 * @param {import('../gate.mjs').Secrets} secrets
 */
async function issueTokens(redisUrl, secrets) {
  const gate = await openGate(openRedisStore(redisUrl), secrets)
  const tokens = []
  for (let account = 0; account < ACCOUNTS; account++)
    tokens.push((await issue(gate, { account: `user${account}@example.test` })).token)
  await gate.close()
  return tokens
}

/**
 * @param {string} what
 * @param {string} against
 * @param {readonly Round[]} ours
 * @param {readonly Round[]} base
 * @param {number} [atLeast]
 * @returns {import('../report.mjs').Row}
 */
function ratioRow(what, against, ours, base, atLeast) {
  const [perSecond, baseline] = [ours, base].map((rounds) => rounds.map((round) => round.perSecond))
  return {
    what,
    against,
    value: medianRatio(perSecond ?? [], baseline ?? []),
    unit: 'of its requests a second',
    ...(atLeast === undefined ? {} : { atLeast }),
    detail: `${format(median(perSecond ?? []))} and ${format(median(baseline ?? []))} a second, ${CONNECTIONS} connections`,
    figures: { perSecond, baseline, p99Ms: median(ours.map(({ p99Ms }) => p99Ms)) },
  }
}

/**
 * @param {readonly Round[]} ours
 * @param {readonly Round[]} base
 * @returns {import('../report.mjs').Row}
 */
function overheadRow(ours, base) {
  const added = ours.map(({ p50Ms }, round) => p50Ms - (base[round]?.p50Ms ?? Number.NaN))
  const baseMs = median(base.map(({ p50Ms }) => p50Ms))
  return {
    what: 'Express + Portcullis + `forwardTo`, without metering: added p50, one connection',
    against: 'bare http-proxy in Express',
    value: median(added),
    unit: 'ms',
    atMost: 0.15,
    detail: `bare http-proxy ${format(baseMs)} ms`,
    figures: { addedMs: added, baseMs },
  }
}

/**
 * @param {string} what
 * @param {readonly Round[]} rounds
 * @param {number} [atMost]
 * @returns {import('../report.mjs').Row}
 */
function commandsRow(what, rounds, atMost) {
  const answered = rounds.reduce((sum, round) => sum + round.answered, 0)
  /** @type {Record<string, number>} */
  const total = {}
  for (const { commands } of rounds)
    for (const [name, calls] of Object.entries(commands)) total[name] = (total[name] ?? 0) + calls
  const calls = Object.values(total).reduce((sum, each) => sum + each, 0)
  return {
    what: `${what}: Redis commands a request, steady state`,
    against: '–',
    value: calls / answered,
    unit: 'commands',
    ...(atMost === undefined ? {} : { atMost }),
    detail: `${format(calls)} for ${format(answered)} requests with ${ACCOUNTS} tokens, those in scripts and of idle servers included`,
    figures: { answered, commands: total },
  }
}
