import type { RedisClient } from './scripts.js'

/** What ioredis says of a command when the connection is what failed: nothing of why. */
const UNEXPLAINED =
  /^Reached the max retries per request limit|^Connection is closed|^Command timed out|^None of startup nodes/

/**
 * Gives up each connection on which the server refused the database, so that it counts as one that failed. Adds to the failure of a command why there is no connection: the last error of the client, which names host and reason
 * (`connect ECONNREFUSED 10.0.0.5:6379`, `WRONGPASS …`). For the log; never part of a response.
 */
export function connectionFailures(client: RedisClient): (cause: unknown) => unknown {
  let last: Error | undefined
  let isElsewhere = false
  client.on('error', (error: Error) => {
    // What the connection was needed for fails after what ended it.
    if (!last || !UNEXPLAINED.test(error.message)) last = error
    if (!isSelect(error)) return
    isElsewhere = true
    // ioredis would go on in database 0. Comes before it sends what waits for the connection.
    client.disconnect(true)
  })
  client.on('connect', () => {
    isElsewhere = false
  })
  client.on('ready', () => {
    if (!isElsewhere) last = undefined
  })
  return (cause) => {
    if (!(cause instanceof Error) || !last || cause.cause !== undefined || !UNEXPLAINED.test(cause.message))
      return cause
    return new Error('Redis is not connected', { cause: last })
  }
}

function isSelect(error: Error): boolean {
  return 'command' in error && (error.command as { readonly name?: string } | undefined)?.name === 'select'
}
