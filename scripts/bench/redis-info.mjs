/** @typedef {import('ioredis').Redis} Redis */

/**
 * One section of INFO.
 *
 * @param {Redis} redis
 * @param {'server' | 'memory' | 'commandstats'} section
 * @returns {Promise<Record<string, string>>}
 */
export async function readInfo(redis, section) {
  const lines = (await redis.info(section)).split('\r\n')
  return Object.fromEntries(lines.filter((line) => line.includes(':')).map((line) => line.split(':', 2)))
}

/**
 * How often each command was called so far, those that scripts call included; INFO itself left out.
 *
 * @param {Redis} redis
 * @returns {Promise<Record<string, number>>}
 */
export async function countCommands(redis) {
  const stats = Object.entries(await readInfo(redis, 'commandstats'))
  const calls = stats.map(([name, text]) => [
    name.replace(/^cmdstat_/, ''),
    Number(/calls=(\d+)/.exec(text)?.[1]),
  ])
  return Object.fromEntries(calls.filter(([name]) => name !== 'info'))
}

/**
 * What was called in between; commands that were not are left out.
 *
 * @param {Record<string, number>} before
 * @param {Record<string, number>} after
 */
export function commandsBetween(before, after) {
  const differences = Object.entries(after).map(([name, calls]) => [name, calls - (before[name] ?? 0)])
  return /** @type {Record<string, number>} */ (Object.fromEntries(differences.filter(([, calls]) => calls)))
}

/**
 * @param {Redis} redis
 * @returns {Promise<number>} bytes
 */
export async function usedMemory(redis) {
  return Number((await readInfo(redis, 'memory')).used_memory)
}
