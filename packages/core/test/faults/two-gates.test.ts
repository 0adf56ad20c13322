import { describe, expect, it } from 'vitest'
import type { FaultProxy } from './fault-proxy.js'
import { onStage, ROUNDS, type Stage, type StagedGate } from './stage.js'
import { castOf, Token } from './token.js'
import { recovered, Traffic } from './traffic.js'
import { until } from './until.js'

const HEARTBEAT_MS = 100
/** Three heartbeats that stay away, and what a busy machine takes to ask and answer. */
const BOUND_MS = 3 * HEARTBEAT_MS + 200

interface TwoGates {
  readonly near: StagedGate
  /** Behind the proxy. */
  readonly far: StagedGate
  readonly proxy: FaultProxy
}

async function twoGates(stage: Stage): Promise<TwoGates> {
  const server = await stage.redis()
  const proxy = await stage.proxy(server.port)
  const options = { heartbeatMs: HEARTBEAT_MS }
  const [near, far] = [
    await stage.gate({ url: server.url, ...options }),
    await stage.gate({ url: proxy.url, ...options }),
  ]
  return { near, far, proxy }
}

/** Traffic on one gate while the other bans and revokes, before, during and after a fault. */
async function bansAcross({ near, far }: TwoGates, fault: (banOne: () => Promise<void>) => Promise<void>) {
  const { good, all } = await castOf(near.gate)
  const traffic = new Traffic(far.gate, all, { feltWithinMs: BOUND_MS })
  const banOne = async () => {
    const token = await Token.issue(near.gate, 'banned-elsewhere')
    all.push(token)
    // Until its near cache has it, where it has one: the first use is written down, which makes it forget.
    let allowed = 0
    await until('the other gate knows it', 4000, async () => {
      if ((await traffic.ask(token)) === 'allow') allowed += 1
      return allowed > 10
    })
    await token.ban(near.gate)
  }
  try {
    await banOne()
    await fault(banOne)
    await recovered(far.gate, good)
    await banOne()
    const last = all.at(-1)
    if (last) await until('the last ban bites', BOUND_MS, async () => (await traffic.ask(last)) === 'deny')
  } finally {
    await traffic.stop()
  }
  for (const token of all) if (token.state === 'ended') await traffic.ask(token)
  expect(traffic.violations).toEqual([])
}

/** Lets time pass under traffic. */
async function past(milliseconds: number): Promise<void> {
  const start = performance.now()
  await until('time passes', 2 * milliseconds, () => performance.now() - start > milliseconds)
}

describe('a ban on one gate bites on another within the heartbeat bound', ROUNDS, () => {
  it(
    'when the watch of the other hangs, and nothing else',
    onStage(async (stage) => {
      const gates = await twoGates(stage)
      await bansAcross(gates, async (banOne) => {
        gates.proxy.inflict({ kind: 'stall' }, 'watch')
        await banOne()
        await past(BOUND_MS + 300)
        await banOne()
        gates.proxy.inflict({ kind: 'pass' })
      })
    }),
  )

  it(
    'three heartbeats after the ban at the latest, whenever the watch hangs',
    onStage(async (stage) => {
      const server = await stage.redis()
      const proxy = await stage.proxy(server.port)
      const heartbeatMs = 400
      const near = await stage.gate({ url: server.url, heartbeatMs })
      const far = await stage.gate({ url: proxy.url, heartbeatMs })
      let longestMs = 0
      for (let round = 0; round < 6; round++) {
        proxy.inflict({ kind: 'pass' })
        const token = await Token.issue(near.gate)
        const allows = async () => (await far.gate.authenticate(token.request)).outcome === 'allow'
        await until('the watch vouches, and the token is known', 4000, allows)
        await past(2 * heartbeatMs + round * 70)
        await allows()
        await allows()
        proxy.inflict({ kind: 'stall' }, 'watch')
        await token.ban(near.gate)
        longestMs = Math.max(
          longestMs,
          await until('the ban bites', 4 * heartbeatMs, async () => !(await allows()), 5),
        )
      }
      // Otherwise the near cache has not answered, and nothing was measured.
      expect(longestMs).toBeGreaterThan(heartbeatMs)
      expect(longestMs).toBeLessThan(3 * heartbeatMs + 100)
    }),
  )

  it(
    'when the watch of the other hears everything late',
    onStage(async (stage) => {
      const gates = await twoGates(stage)
      await bansAcross(gates, async (banOne) => {
        const delay = 3 * BOUND_MS
        gates.proxy.inflict({ kind: 'delay', milliseconds: delay }, 'watch')
        // Until what it hears is steady again, only old.
        await past(1.5 * delay)
        await banOne()
        await past(BOUND_MS + 300)
        gates.proxy.inflict({ kind: 'pass' })
      })
    }),
  )

  it(
    'when the connections of the other are reset again and again',
    onStage(async (stage) => {
      const gates = await twoGates(stage)
      await bansAcross(gates, async (banOne) => {
        for (let times = 0; times < 8; times++) {
          const ban = banOne()
          gates.proxy.reset()
          await ban
        }
      })
    }),
  )

  it(
    'when commands of the other hang, and its watch does not: 503 or the truth',
    onStage(async (stage) => {
      const gates = await twoGates(stage)
      await bansAcross(gates, async (banOne) => {
        const token = await Token.issue(gates.near.gate)
        gates.proxy.inflict({ kind: 'stall' }, 'commands')
        await expect(gates.far.gate.authenticate(token.request)).rejects.toMatchObject({
          code: 'store_unavailable',
        })
        gates.proxy.inflict({ kind: 'pass' })
        await banOne()
      })
    }),
  )
})
