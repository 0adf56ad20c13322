import { describe, expect, it } from 'vitest'
import { endure } from './endure.js'
import { startReplica } from './sentinel.js'
import { onStage, RECOVERY_MS, ROUNDS } from './stage.js'
import { until } from './until.js'

const counter = { collection: 'usage', id: 'spent' }

describe(
  'a gate whose Redis fails: 503 while it lasts, nothing that was acknowledged undone, back within 5 s',
  ROUNDS,
  () => {
    it(
      'is killed, and comes back with its append-only file',
      onStage(async (stage) => {
        const server = await stage.redis()
        const { gate } = await stage.gate({ url: server.url })
        const { recoveryMs } = await endure(gate, {
          fault: async (traffic) => {
            server.signal('SIGKILL')
            await traffic.untilUnavailable()
            await server.restart()
          },
        })
        expect(recoveryMs).toBeLessThan(RECOVERY_MS)
      }),
    )

    it(
      'is killed, and comes back empty: no ended token is allowed',
      onStage(async (stage) => {
        const server = await stage.redis([])
        const { gate } = await stage.gate({ url: server.url })
        await endure(gate, {
          isDurable: false,
          fault: async (traffic) => {
            server.signal('SIGKILL')
            await traffic.untilUnavailable()
            await server.restart()
          },
        })
      }),
    )

    it(
      'hangs, and goes on',
      onStage(async (stage) => {
        const server = await stage.redis()
        const { gate } = await stage.gate({ url: server.url })
        await endure(gate, {
          fault: async (traffic) => {
            server.signal('SIGSTOP')
            await traffic.untilUnavailable()
            server.signal('SIGCONT')
          },
        })
      }),
    )

    it(
      'is out of memory: tokens go on, changes are refused, and no batch is applied by half',
      onStage(async (stage) => {
        const server = await stage.redis()
        const operator = stage.operator(server.port)
        const { gate, store } = await stage.gate({ url: server.url })
        const [old, replacement] = [
          { collection: 'c', id: 'old' },
          { collection: 'c', id: 'replacement' },
        ]
        await store.commit('p', { writes: [{ put: old, value: 1 }] })
        await endure(gate, {
          fault: async (traffic, administration) => {
            await operator.config('SET', 'maxmemory', '1')
            await administration.untilFailed()
            await traffic.untilAllowed()
            const swap = store.commit('p', { writes: [{ delete: old }, { put: replacement, value: 2 }] })
            const isDone = await swap.then(
              () => true,
              () => false,
            )
            const kept = (await store.read('p', [old, replacement])).map((record) => record?.value)
            expect(kept).toEqual(isDone ? [undefined, 2] : [1, undefined])
            await operator.config('SET', 'maxmemory', '0')
          },
        })
      }),
    )

    it(
      'becomes a replica that refuses writes, and a master again',
      onStage(async (stage) => {
        const server = await stage.redis()
        const other = await startReplica(stage, server)
        const [operator, otherOperator] = [stage.operator(server.port), stage.operator(other.port)]
        const linked = async (client: typeof operator) =>
          (await client.info('replication')).includes('master_link_status:up')
        const { gate, store } = await stage.gate({ url: server.url })
        await endure(gate, {
          fault: async (_traffic, administration) => {
            // Nothing that was acknowledged may be missing on the one that takes over.
            await until('the replica has everything', 4000, async () => {
              await operator.call('CLIENT', 'PAUSE', '1000', 'WRITE')
              return (await offsetOf(operator)) === (await offsetOf(otherOperator))
            })
            await otherOperator.call('REPLICAOF', 'NO', 'ONE')
            await operator.call('REPLICAOF', '127.0.0.1', String(other.port))
            await operator.call('CLIENT', 'UNPAUSE')
            await until('it follows the other', 8000, () => linked(operator))
            await administration.untilFailed()
            await expect(store.commit('p', { writes: [{ add: counter, amount: 1 }] })).rejects.toThrow()
            await operator.call('REPLICAOF', 'NO', 'ONE')
          },
        })
      }),
    )
  },
)

async function offsetOf(client: { info(section: string): Promise<string> }): Promise<string | undefined> {
  return /master_repl_offset:(\d+)/.exec(await client.info('replication'))?.[1]
}
