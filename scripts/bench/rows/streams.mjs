import { readFile } from 'node:fs/promises'
import { interleave, median } from '../measure.mjs'
import { startProgram } from '../processes.mjs'
import { format } from '../report.mjs'
import { startHops } from './forwarding.mjs'

const OPENED_PER_SECOND = 100
const ROUNDS_AT_MOST = 3
const WARM_UP_STREAMS = 100
const PAGE_BYTES = 4_096
const SAMPLED_EVERY_MS = 200

/** @typedef {import('./forwarding.mjs').Hop} Hop */
/**
 * One round of streams through one hop.
 *
 * @typedef {object} Round
 * @property {number} lost
 * @property {number} firstP50Ms
 * @property {number} firstP99Ms
 * @property {number} delayP50Ms
 * @property {number} delayP99Ms
 * @property {number} bytesAStream
 */

/**
 * Streams of events, opened a hundred a second and all open at once: how long the first byte takes, how long an event is on
 * its way, and what a stream takes of the memory of the process between.
 *
 * @param {import('../settings.mjs').Settings} settings
 * @returns {Promise<import('../report.mjs').Row[]>}
 */
export async function measureStreams({ rounds, loadMs, streams, profile }) {
  const servers = await startHops(profile)
  const client = await startProgram(new URL('../programs/streams.mjs', import.meta.url))
  const hops = /** @type {Hop[]} */ (['http-proxy', 'nginx', 'forwarder-redis', 'gateway']).filter((hop) =>
    servers.has(hop),
  )
  /** @type {Map<Hop, number>} */
  const idleBytes = new Map()
  // What a process takes with its first streams, and keeps, is no part of each stream.
  for (const hop of hops) {
    const { port, token, pid } = serverOf(servers, hop)
    await client.ask({
      port,
      token,
      streams: WARM_UP_STREAMS,
      openedPerSecond: OPENED_PER_SECOND,
      durationMs: 500,
    })
    idleBytes.set(hop, await residentBytes(pid))
  }
  const rows = []
  for (const count of streams) {
    /** @param {Hop} hop */
    const run = async (hop) => {
      const { port, token, pid } = serverOf(servers, hop)
      const load = { port, token, streams: count, openedPerSecond: OPENED_PER_SECOND, durationMs: loadMs }
      const before = idleBytes.get(hop) ?? 0
      const { result, most } = await watching(pid, () => client.ask(load))
      return /** @type {Round} */ ({ ...result, bytesAStream: (most - before) / count })
    }
    const figures = await interleave(hops, Math.min(rounds, ROUNDS_AT_MOST), run)
    for (const hop of hops)
      if (hop !== 'http-proxy') rows.push(...rowsOf(count, hop, figures[hop], figures['http-proxy']))
  }
  return rows
}

/**
 * @param {ReadonlyMap<Hop, import('./forwarding.mjs').Server>} servers
 * @param {Hop} hop
 */
function serverOf(servers, hop) {
  const server = servers.get(hop)
  if (server === undefined) throw new Error(`${hop} was not started`)
  return server
}

/** @type {Partial<Record<Hop, string>>} */
const NAMES = { nginx: 'nginx', 'forwarder-redis': 'forwarder in node:http', gateway: 'full gateway' }

/**
 * @param {number} count
 * @param {Hop} hop
 * @param {readonly Round[]} ours
 * @param {readonly Round[]} base
 * @returns {import('../report.mjs').Row[]}
 */
function rowsOf(count, hop, ours, base) {
  const what = `${count} streams of events through ${NAMES[hop]}`
  const command = `scripts/bench/programs/streams.mjs: ${count} streams, ${OPENED_PER_SECOND} opened a second`
  /** @param {keyof Round} figure */
  const medians = (figure) => [ours, base].map((rounds) => median(rounds.map((round) => round[figure])))
  const isOurs = hop !== 'nginx'
  /**
   * @param {string} name
   * @param {'first' | 'delay'} figure
   * @returns {import('../report.mjs').Row}
   */
  const latency = (name, figure) => {
    const [p50 = 0, baseP50 = 0] = medians(`${figure}P50Ms`)
    const [p99 = 0, baseP99 = 0] = medians(`${figure}P99Ms`)
    return {
      what: `${what}: ${name}, p99`,
      against: 'bare http-proxy in node:http',
      value: p99 - baseP99,
      unit: 'ms more',
      ...(isOurs ? { atMost: 0 } : {}),
      detail: `p50 ${format(p50)} and ${format(baseP50)} ms, p99 ${format(p99)} and ${format(baseP99)} ms`,
      command,
      figures: { ours, base },
    }
  }
  const [bytes = 0, baseBytes = 0] = medians('bytesAStream')
  const lost = ours.reduce((sum, round) => sum + round.lost, 0)
  return [
    latency('to the first byte', 'first'),
    latency('an event on its way', 'delay'),
    {
      what: `${what}: memory of a stream`,
      against: 'bare http-proxy in node:http',
      value: bytes / baseBytes,
      unit: 'of its memory',
      ...(isOurs ? { atMost: 1.1 } : {}),
      detail: `${format(bytes / 1_000)} and ${format(baseBytes / 1_000)} kB, ${lost} streams lost`,
      command,
      figures: { lost },
    },
  ]
}

/**
 * The most that a process took while something ran.
 *
 * @template T
 * @param {number} pid
 * @param {() => Promise<T>} act
 */
async function watching(pid, act) {
  let most = 0
  const sample = async () => {
    most = Math.max(most, await residentBytes(pid))
  }
  const timer = setInterval(sample, SAMPLED_EVERY_MS)
  const result = await act()
  clearInterval(timer)
  return { result, most }
}

/**
 * Of Linux alone: what is measured elsewhere has no memory.
 *
 * @param {number} pid
 */
async function residentBytes(pid) {
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '')
  return Number(statm.split(' ')[1]) * PAGE_BYTES
}
