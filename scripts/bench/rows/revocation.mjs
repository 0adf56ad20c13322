import { setTimeout as sleep } from 'node:timers/promises'
import { createSecrets, issue, openGate, openRedisStore } from '../gate.mjs'
import { percentile } from '../measure.mjs'
import { startProgram, startRedis } from '../processes.mjs'
import { format } from '../report.mjs'

/** So that revocations fall anywhere between two heartbeats and two turns of an event loop. */
const LONGEST_PAUSE_MS = 20

/**
 * From the call that revokes a token on one node to the first refusal on another, which asks every millisecond and had
 * the token in its near cache. The two take turns at revoking.
 *
 * @param {import('../settings.mjs').Settings} settings
 * @returns {Promise<import('../report.mjs').Row[]>}
 */
export async function measureRevocation({ revocations }) {
  const { url: redisUrl } = await startRedis()
  const secrets = createSecrets()
  const gate = await openGate(openRedisStore(redisUrl), secrets)
  const file = new URL('../programs/node.mjs', import.meta.url)
  const nodes = [
    await startProgram(file, { redisUrl, secrets }),
    await startProgram(file, { redisUrl, secrets }),
  ]
  const latencies = []
  const afterAnswer = []
  for (let round = 0; round < revocations; round++) {
    const issued = await issue(gate, { account: `user${round}@example.test` })
    const [revoking, refusing] = round % 2 === 0 ? nodes : nodes.toReversed()
    if (!revoking || !refusing) throw new Error('it takes two nodes')
    const { askedAtMs, doneAtMs, refusedAtMs } = await revokeOnce(revoking, refusing, issued)
    latencies.push(refusedAtMs - askedAtMs)
    afterAnswer.push(refusedAtMs - doneAtMs)
  }
  await gate.close()
  return rowsOf(latencies, afterAnswer)
}

/**
 * @param {import('../processes.mjs').Program} revoking
 * @param {import('../processes.mjs').Program} refusing
 * @param {import('@portcullis/core').IssuedToken} issued
 */
async function revokeOnce(revoking, refusing, { token, info }) {
  for (const node of [revoking, refusing]) {
    const { isAllowed } = await node.ask({ duty: 'admit', token })
    if (!isAllowed) throw new Error('a good token was refused')
  }
  const refusal = refusing.ask({ duty: 'awaitRefusal', token })
  await sleep(Math.random() * LONGEST_PAUSE_MS)
  const revoked = await revoking.ask({ duty: 'revoke', account: info.account, id: info.id })
  const { refusedAtMs, code } = await refusal
  if (code !== 'token_revoked') throw new Error(`refused for another reason: ${code}`)
  return { ...revoked, refusedAtMs }
}

/**
 * @param {readonly number[]} latencies
 * @param {readonly number[]} afterAnswer
 * @returns {import('../report.mjs').Row[]}
 */
function rowsOf(latencies, afterAnswer) {
  const what = 'a token revoked on one node, to its refusal on another'
  const figures = {
    revocations: latencies.length,
    fromCallMs: spreadOf(latencies),
    fromAnswerMs: spreadOf(afterAnswer),
  }
  return [
    {
      what: `${what}: p50`,
      against: '–',
      value: figures.fromCallMs.p50,
      unit: 'ms',
      atMost: 5,
      detail: `${latencies.length} revocations, timed from the call; ${format(figures.fromAnswerMs.p50)} ms from its answer`,
      figures,
    },
    {
      what: `${what}: p99`,
      against: '–',
      value: figures.fromCallMs.p99,
      unit: 'ms',
      atMost: 50,
      detail: `the longest ${format(figures.fromCallMs.longest)} ms; from the answer ${format(figures.fromAnswerMs.longest)} ms`,
    },
  ]
}

/** @param {readonly number[]} values */
function spreadOf(values) {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99), longest: percentile(values, 1) }
}
