// Times decisions one after the other, in a process that does nothing else.
import { setImmediate as turn } from 'node:timers/promises'
import { issue, joseVerifier, openGate, openRedisStore, viewOf } from '../gate.mjs'
import { percentile } from '../measure.mjs'
import { answerParent, readOptions, tell } from './parent.mjs'

const ACCOUNTS = 100
/** After so many calls the event loop turns once: the watch must hear its heartbeats. */
const CALLS_A_TURN = 1_000

const { redisUrl, secrets } = readOptions()
const gate = await openGate(openRedisStore(redisUrl), secrets)
/** @type {string[]} */
const tokens = []
for (let account = 0; account < ACCOUNTS; account++)
  tokens.push((await issue(gate, { account: `user${account}@example.test` })).token)
const views = tokens.map(viewOf)
const verify = joseVerifier(secrets)

/** @type {Record<string, (call: number) => Promise<unknown>>} */
const variants = {
  portcullis: (call) => gate.authenticate(at(views, call)),
  jose: (call) => verify(at(tokens, call)),
}

answerParent(({ variant, calls }) => time(variant, calls))
tell({ ready: true })

/**
 * @param {string} variant
 * @param {number} calls
 */
async function time(variant, calls) {
  const act = variants[variant]
  if (act === undefined) throw new Error(`no such variant: ${variant}`)
  const durations = []
  let spentMs = 0
  for (let call = 0; call < calls; call++) {
    if (call % CALLS_A_TURN === 0) await turn()
    const start = performance.now()
    requireAllowed(await act(call))
    const ms = performance.now() - start
    durations.push(ms)
    spentMs += ms
  }
  return { perSecond: (calls / spentMs) * 1000, p50Us: percentile(durations, 0.5) * 1000 }
}

/** @param {any} answer */
function requireAllowed(answer) {
  if (answer.outcome !== 'allow' && answer.payload === undefined) throw new Error('a good token was refused')
}

/**
 * @template T
 * @param {readonly T[]} values
 * @param {number} call
 * @returns {T}
 */
function at(values, call) {
  return /** @type {T} */ (values[call % values.length])
}
