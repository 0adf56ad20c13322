// Another client of the same Redis: asks for one key every millisecond, and remembers how long each answer took.
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { percentile } from '../measure.mjs'
import { answerParent, readOptions, tell } from './parent.mjs'

const EVERY_MS = 1

const { redisUrl } = readOptions()
const redis = new Redis(redisUrl)
/** @type {number[]} */
let delays = []

answerParent(async () => {
  const seen = delays
  delays = []
  return { asked: seen.length, p50Ms: percentile(seen, 0.5), worstMs: percentile(seen, 1) }
})
await redis.ping()
tell({ ready: true })

for (;;) {
  const start = performance.now()
  await redis.get('probe')
  delays.push(performance.now() - start)
  await sleep(EVERY_MS)
}
