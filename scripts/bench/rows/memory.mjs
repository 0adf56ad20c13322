import { Redis } from 'ioredis'
import { createSecrets, issue, openGate, openRedisStore } from '../gate.mjs'
import { startRedis } from '../processes.mjs'
import { usedMemory } from '../redis-info.mjs'
import { format } from '../report.mjs'

const TOKENS_AN_ACCOUNT = 10
const KEYS_A_STEP = 1_000

/**
 * What Redis has to keep for each issued token, its audit entry and its part of every list included.
 *
 * @param {import('../settings.mjs').Settings} settings
 * @returns {Promise<import('../report.mjs').Row[]>}
 */
export async function measureMemory({ tokens }) {
  const { url } = await startRedis()
  const redis = new Redis(url)
  const gate = await openGate(openRedisStore(url), createSecrets())
  // The scripts and the buffers of the connections are no part of a token.
  await issue(gate, { account: 'first@example.test' })
  const before = await usedMemory(redis)
  for (let token = 0; token < tokens; token++)
    await issue(gate, { account: `user${Math.floor(token / TOKENS_AN_ACCOUNT)}@example.test` })
  const bytes = ((await usedMemory(redis)) - before) / tokens
  const parts = await bytesByPlace(redis, tokens)
  await gate.close()
  redis.disconnect()
  const places = Object.entries(parts).map(([place, size]) => `${place} ${format(size)}`)
  return [
    {
      what: 'memory in Redis for one issued token',
      against: '–',
      value: bytes,
      unit: 'bytes',
      atMost: 600,
      detail: `${tokens.toLocaleString('en')} tokens, ${TOKENS_AN_ACCOUNT} an account; keys by place: ${places.join(', ')}`,
      figures: { tokens, tokensAnAccount: TOKENS_AN_ACCOUNT, bytesByPlace: parts },
    },
  ]
}

/**
 * @param {Redis} redis
 * @param {number} tokens
 * @returns {Promise<Record<string, number>>} bytes a token
 */
async function bytesByPlace(redis, tokens) {
  /** @type {Record<string, number>} */
  const sizes = {}
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'COUNT', KEYS_A_STEP)
    cursor = next
    const found = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)))
    for (const [index, key] of keys.entries())
      sizes[placeOf(key)] = (sizes[placeOf(key)] ?? 0) + (found[index] ?? 0) / tokens
  } while (cursor !== '0')
  const sorted = Object.entries(sizes).filter(([, size]) => size >= 1)
  return Object.fromEntries(sorted.sort(([, a], [, b]) => b - a))
}

/**
 * Which list or log a key belongs to; all accounts are one place.
 *
 * @param {string} key `PREFIX:{PARTITION}:COLLECTION…`
 */
function placeOf(key) {
  const [, partition = '', collection = ''] = /\{(.*)\}:([^:]+)/.exec(key) ?? []
  return ['audit', 'directory', 'gate'].includes(partition)
    ? `${partition} ${collection}`
    : `account ${collection}`
}
