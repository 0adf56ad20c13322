import { describe, expect, it } from 'vitest'
import { must } from '../gate/gate-fixture.js'
import { endure } from './endure.js'
import { DURABLE, onStage, ROUNDS, type Stage } from './stage.js'
import { Token } from './token.js'
import { Traffic } from './traffic.js'
import { until } from './until.js'

/** A master and a replica, and in front of the pair the one address that moves with the master. */
async function startPair(stage: Stage) {
  const master = await stage.redis()
  const replication = await stage.proxy(master.port)
  const address = await stage.proxy(master.port)
  const replica = await stage.redis([...DURABLE, '--replicaof', `127.0.0.1 ${replication.port}`])
  const operator = stage.operator(replica.port)
  await until('the replica follows', 8000, async () =>
    (await operator.info('replication')).includes('master_link_status:up'),
  )
  return {
    address,
    replication,
    async failOver() {
      master.signal('SIGKILL')
      address.reset({ refuseNew: true })
      replication.reset({ refuseNew: true })
      await operator.call('REPLICAOF', 'NO', 'ONE')
      address.retarget(replica.port)
      address.inflict({ kind: 'pass' })
    },
  }
}

describe(
  'a ban or revocation that Redis acknowledged and lost: its token is refused all the same',
  ROUNDS,
  () => {
    it(
      'when a replica takes over that lagged behind',
      onStage(async (stage) => {
        const pair = await startPair(stage)
        const { gate } = await stage.gate({ url: pair.address.url })
        await endure(gate, {
          isDurable: false,
          fault: async (_traffic, administration) => {
            pair.replication.inflict({ kind: 'stall' })
            await administration.untilAcknowledged()
            await pair.failOver()
          },
        })
      }),
    )

    it(
      'also on a gate that only heard of it',
      onStage(async (stage) => {
        const pair = await startPair(stage)
        const [near, far] = [
          await stage.gate({ url: pair.address.url, heartbeatMs: 100 }),
          await stage.gate({ url: pair.address.url, heartbeatMs: 100 }),
        ]
        const token = await Token.issue(near.gate)
        const traffic = new Traffic(far.gate, [token], { feltWithinMs: 600, isDurable: false })
        try {
          await traffic.untilAllowed()
          pair.replication.inflict({ kind: 'stall' })
          await token.ban(near.gate)
          await until('the other gate heard', 600, async () => (await traffic.ask(token)) === 'deny')
          await near.gate.close()
          await pair.failOver()
          await traffic.untilAnswered(token)
          await until('many requests later', 4000, () => traffic.denied > 50)
        } finally {
          await traffic.stop()
        }
        expect(traffic.violations).toEqual([])
      }),
    )

    it(
      'and an answer says when no replica has it yet',
      onStage(async (stage) => {
        const pair = await startPair(stage)
        const { gate } = await stage.gate({ url: pair.address.url, wait: { replicas: 1 } })
        const ban = async (account: string) =>
          must(await gate.standing.ban({ account, by: { service: 'test' } }))
        await until('the replica confirms', 4000, async () => {
          const { replication } = await ban('first@example.com')
          return replication?.requested === 1 && replication.confirmed === 1
        })
        pair.replication.inflict({ kind: 'stall' })
        expect((await ban('second@example.com')).replication).toEqual({ requested: 1, confirmed: 0 })
      }),
    )
  },
)
