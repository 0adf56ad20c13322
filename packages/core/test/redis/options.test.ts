import { expect, it } from 'vitest'
import { redisStore } from '../../src/redis/index.js'

it('options that are unknown, missing or of another kind are all named at once', () => {
  expect(() =>
    redisStore({
      cluster: 'redis://a',
      prefixes: 'a',
      clock: 5,
      wait: { replica: 1 },
      commandTimeoutMs: '1s',
    } as never),
  ).toThrow(
    expect.objectContaining({
      code: 'configuration_invalid',
      problems: [
        'redis.cluster: give an array',
        'redis.prefixes: unknown; prefix is meant, perhaps',
        'redis.clock: give a function',
        'redis: commandTimeoutMs is an integer from 10 to 60000',
        'redis.wait.replica: unknown; replicas is meant, perhaps',
        'redis.wait.replicas: required',
        'redis: give one of client, url, cluster and sentinels',
      ],
    }),
  )
  expect(() => redisStore(undefined as never)).toThrow(
    expect.objectContaining({ code: 'configuration_invalid' }),
  )
})
