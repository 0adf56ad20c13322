import { parseArgs } from 'node:util'

/** The parts of the benchmark, in the order in which they run. */
export const PARTS = /** @type {const} */ ([
  'authenticate',
  'requests',
  'forwarding',
  'streams',
  'revocation',
  'memory',
  'scale',
])

/** @typedef {(typeof PARTS)[number]} Part */

/**
 * How long and how often everything is measured.
 *
 * @typedef {object} Settings
 * @property {readonly Part[]} parts
 * @property {boolean} isQuick
 * @property {string} [profile] the server of a row whose time is to be written down
 * @property {number} rounds of each comparison
 * @property {number} calls timed in a round
 * @property {number} loadMs of a round of requests
 * @property {readonly number[]} streams open at once
 * @property {number} revocations
 * @property {number} tokens issued to see what one takes
 * @property {number} scale tokens in the store when lists and revocations are timed
 */

/** @type {Omit<Settings, 'parts'>} */
const FULL = {
  isQuick: false,
  rounds: 7,
  calls: 20_000,
  loadMs: 2_000,
  streams: [500, 1_000],
  revocations: 200,
  tokens: 10_000,
  scale: 1_000_000,
}

/** @type {Omit<Settings, 'parts'>} */
const QUICK = {
  isQuick: true,
  rounds: 2,
  calls: 5_000,
  loadMs: 1_000,
  streams: [100],
  revocations: 20,
  tokens: 1_000,
  scale: 10_000,
}

const usage = `usage: npm run bench -- [--quick] [--scale TOKENS] [--only ${PARTS.join('|')}] [--profile SERVER]`

/**
 * @param {string[]} args
 * @returns {Settings | undefined} nothing, after one line that says how to call it, when they make no sense
 */
export function readSettings(args) {
  try {
    return settingsOf(args)
  } catch (error) {
    console.error(`portcullis: ${/** @type {Error} */ (error).message}\n${usage}`)
    return undefined
  }
}

/** @param {string[]} args */
function settingsOf(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean' },
      scale: { type: 'string' },
      only: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  const defaults = values.quick ? QUICK : FULL
  const scale = Number(values.scale ?? defaults.scale)
  if (!Number.isSafeInteger(scale) || scale < 0) throw new Error('--scale takes a number of tokens')
  const wanted = PARTS.filter((part) => values.only === undefined || part === values.only)
  if (wanted.length === 0) throw new Error(`there is no part ${values.only}`)
  const { profile } = values
  return {
    ...defaults,
    ...(profile === undefined ? {} : { profile }),
    scale,
    parts: wanted.filter((part) => part !== 'scale' || scale > 0),
  }
}
