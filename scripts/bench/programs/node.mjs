// One node of several on the same Redis: revokes tokens, or waits until one is refused.
import { setTimeout as sleep } from 'node:timers/promises'
import { openGate, openRedisStore, viewOf } from '../gate.mjs'
import { answerParent, readOptions, tell } from './parent.mjs'

const PATIENCE_MS = 30_000
/** Without a pause it would take the processor from Redis and from the node that revokes. */
const ASKED_EVERY_MS = 1

const { redisUrl, secrets } = readOptions()
const gate = await openGate(openRedisStore(redisUrl), secrets)

/** @type {Record<string, (message: any) => Promise<object>>} */
const duties = {
  async admit({ token }) {
    return { isAllowed: (await decide(token)).outcome === 'allow' }
  },
  async revoke({ account, id }) {
    const askedAtMs = monotonicMs()
    const revoked = await gate.tokens.revoke({ account, id, by: { service: 'bench' } })
    if (!revoked.ok) throw new Error(`not revoked: ${revoked.denial.code}`)
    return { askedAtMs, doneAtMs: monotonicMs() }
  },
  async awaitRefusal({ token }) {
    const giveUpAtMs = monotonicMs() + PATIENCE_MS
    while (monotonicMs() < giveUpAtMs) {
      const decision = await decide(token)
      if (decision.outcome === 'deny') return { refusedAtMs: monotonicMs(), code: decision.denial.code }
      await sleep(ASKED_EVERY_MS)
    }
    throw new Error('a revoked token is still let in')
  },
}

answerParent((message) => {
  const duty = duties[message.duty]
  if (duty === undefined) throw new Error(`no such duty: ${message.duty}`)
  return duty(message)
})
tell({ ready: true })

/** @param {string} token */
function decide(token) {
  return gate.authenticate(viewOf(token))
}

/** The clock that the processes of a machine share, and that nobody sets. */
function monotonicMs() {
  return Number(process.hrtime.bigint()) / 1e6
}
