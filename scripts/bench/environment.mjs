import { availableParallelism, cpus, totalmem } from 'node:os'
import { Redis } from 'ioredis'
import { startRedis } from './processes.mjs'
import { readInfo } from './redis-info.mjs'

/**
 * What the figures depend on; nothing that tells whose machine it was.
 *
 * @typedef {object} Environment
 * @property {string} date
 * @property {string} node
 * @property {string} redis
 * @property {string} platform
 * @property {string} processor
 * @property {number} cores
 * @property {number} memoryGiB
 */

/** @returns {Promise<Environment>} */
export async function readEnvironment() {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    redis: await readRedisVersion(),
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  }
}

async function readRedisVersion() {
  const server = await startRedis()
  const redis = new Redis(server.url)
  try {
    const { redis_version: version = 'unknown' } = await readInfo(redis, 'server')
    return version
  } finally {
    redis.disconnect()
    await server.stop()
  }
}
