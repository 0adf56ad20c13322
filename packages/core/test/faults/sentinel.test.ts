import { describe, expect, it } from 'vitest'
import { endure } from './endure.js'
import { type SentinelSetup, startSentinelSetup } from './sentinel.js'
import { onStage, ROUNDS, type Stage } from './stage.js'
import { until } from './until.js'

async function gateOf(stage: Stage, { hosts, name }: SentinelSetup) {
  return stage.gate({ sentinels: { hosts, name } })
}

function failover(setup: SentinelSetup, asked?: readonly number[]): Promise<number> {
  return until('sentinels name a new master', 15_000, async () =>
    setup.agreedMaster(asked).then((port) => port === setup.replica.port),
  )
}

describe(
  'a gate behind Sentinel follows the master within 5 s, and nothing that a replica had is undone',
  ROUNDS,
  () => {
    it(
      'when the master is killed, and when it comes back as a replica',
      onStage(async (stage) => {
        const setup = await startSentinelSetup(stage)
        const { gate } = await gateOf(stage, setup)
        const { traffic } = await endure(gate, {
          fault: async (_traffic, administration) => {
            await administration.stop()
            await setup.replicated()
            setup.master.signal('SIGKILL')
            await failover(setup)
          },
        })
        expect(traffic.unavailable).toBeGreaterThan(0)
        await endure(gate, {
          fault: async () => {
            await setup.master.restart()
            const operator = stage.operator(setup.master.port)
            await until('the old master follows the new one', 15_000, async () =>
              (await operator.info('replication')).includes('master_link_status:up'),
            )
          },
        })
      }),
    )

    it(
      'when the master is killed in the midst of revocations and bans: none that was acknowledged is undone',
      onStage(async (stage) => {
        const setup = await startSentinelSetup(stage)
        const { hosts, name } = setup
        const { gate } = await stage.gate({ sentinels: { hosts, name }, wait: { replicas: 1 } })
        await endure(gate, {
          // What was issued at the last moment may be lost.
          isDurable: false,
          fault: async () => {
            setup.master.signal('SIGKILL')
            await failover(setup)
          },
        })
      }),
    )

    it(
      'when the master hangs without closing a connection',
      onStage(async (stage) => {
        const setup = await startSentinelSetup(stage)
        const { gate } = await gateOf(stage, setup)
        await endure(gate, {
          fault: async (_traffic, administration) => {
            await administration.stop()
            await setup.replicated()
            setup.master.signal('SIGSTOP')
            await failover(setup)
          },
        })
      }),
    )

    it(
      'when the first sentinel hangs as well',
      onStage(async (stage) => {
        const setup = await startSentinelSetup(stage)
        const { gate } = await gateOf(stage, setup)
        await endure(gate, {
          fault: async (_traffic, administration) => {
            await administration.stop()
            await setup.replicated()
            setup.signalSentinel(0, 'SIGSTOP')
            setup.master.signal('SIGKILL')
            await failover(setup, [1, 2])
          },
        })
      }),
    )
  },
)
