import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { median, timed } from './measure.mjs'
import { startProgram } from './processes.mjs'

/** Long enough for the probe to be asking on both sides of what is measured. */
const MARGIN_MS = 20
const SLOW_COMMAND_US = 200
const SLOW_COMMANDS_KEPT = 100_000

/**
 * What an action took, and what others on the same Redis felt of it.
 *
 * @typedef {object} Disturbance
 * @property {number} ms median duration
 * @property {number} worstDelayMs of another client that asks every millisecond; its own wait for a processor included
 * @property {number} longestCommandMs that Redis itself spent on one command, a script being one; 0 when none took 0.2
 * @property {unknown} result of the last time
 */

/** @typedef {(act: () => Promise<unknown>, times?: number) => Promise<Disturbance>} Observe */

/**
 * Starts another client; answers how to observe an action, and how to end.
 *
 * @param {string} redisUrl
 */
export async function startObserving(redisUrl) {
  const probe = await startProgram(new URL('programs/probe.mjs', import.meta.url), { redisUrl })
  const redis = new Redis(redisUrl)
  await redis.config('SET', 'slowlog-log-slower-than', SLOW_COMMAND_US, 'slowlog-max-len', SLOW_COMMANDS_KEPT)
  /** @type {Observe} */
  const observe = async (act, times = 1) => {
    await redis.slowlog('RESET')
    await probe.ask({})
    const durations = []
    let result
    for (let time = 0; time < times; time++) {
      const { ms, result: answered } = await timed(act)
      durations.push(ms)
      result = answered
    }
    await sleep(MARGIN_MS)
    const { worstMs } = await probe.ask({})
    return {
      ms: median(durations),
      worstDelayMs: worstMs,
      longestCommandMs: await longestCommandMs(redis),
      result,
    }
  }
  const release = async () => {
    await probe.stop()
    redis.disconnect()
  }
  return { observe, release }
}

/** @param {Redis} redis */
async function longestCommandMs(redis) {
  const entries = /** @type {[number, number, number, ...unknown[]][]} */ (await redis.slowlog('GET', -1))
  return Math.max(0, ...entries.map(([, , microseconds]) => microseconds)) / 1000
}
