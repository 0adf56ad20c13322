import type { RedisClient } from './scripts.js'

/** What ioredis says of a command when the connection is what failed: nothing of why. */
const UNEXPLAINED =
  /^Reached the max retries per request limit|^Connection is closed|^Command timed out|^None of startup nodes/

/**
 * Adds to the failure of a command why there is no connection: the last error of the client, which names host and reason
 * (`connect ECONNREFUSED 10.0.0.5:6379`, `WRONGPASS …`). For the log; never part of a response.
 */
export function connectionFailures(client: RedisClient): (cause: unknown) => unknown {
  let last: Error | undefined
  client.on('error', (error: Error) => {
    last = error
  })
  client.on('ready', () => {
    last = undefined
  })
  return (cause) => {
    if (!(cause instanceof Error) || !last || cause.cause !== undefined || !UNEXPLAINED.test(cause.message))
      return cause
    return new Error('Redis is not connected', { cause: last })
  }
}
