import { createSecrets } from '../gate.mjs'
import { interleave, median, medianRatio } from '../measure.mjs'
import { startProgram, startRedis } from '../processes.mjs'
import { format } from '../report.mjs'

/**
 * The decision about a token that is known, against jose alone on the same tokens.
 *
 * @param {import('../settings.mjs').Settings} settings
 * @returns {Promise<import('../report.mjs').Row[]>}
 */
export async function measureAuthenticate({ rounds, calls }) {
  const redis = await startRedis()
  const program = await startProgram(new URL('../programs/authenticate.mjs', import.meta.url), {
    redisUrl: redis.url,
    secrets: createSecrets(),
  })
  const variants = /** @type {const} */ (['portcullis', 'jose'])
  /** @param {string} variant */
  const run = (variant) => program.ask({ variant, calls })
  // The first round warms up.
  await interleave(variants, 1, run)
  const measured = await interleave(variants, rounds, run)
  const perSecond = {
    portcullis: measured.portcullis.map((round) => round.perSecond),
    jose: measured.jose.map((round) => round.perSecond),
  }
  const portcullisUs = median(measured.portcullis.map(({ p50Us }) => p50Us))
  const joseUs = median(measured.jose.map(({ p50Us }) => p50Us))
  const what = '`gate.authenticate()`, known token, near cache warm, on Redis'
  return [
    {
      what,
      against: 'jose `jwtVerify` HS256 alone',
      value: medianRatio(perSecond.portcullis, perSecond.jose),
      unit: 'times as fast',
      atLeast: 20,
      detail: `${format(median(perSecond.portcullis))} and ${format(median(perSecond.jose))} calls a second`,
      figures: { perSecond },
    },
    {
      what: `${what}: p50`,
      against: 'jose `jwtVerify` HS256 alone',
      value: portcullisUs,
      unit: 'µs',
      atMost: 3,
      detail: `jose ${format(joseUs)} µs`,
      figures: { portcullisUs, joseUs },
    },
  ]
}
