import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/store/store.js'
import { endure } from './endure.js'
import {
  addReplicas,
  type ClusterNode,
  hideBehindProxies,
  migrateSlot,
  slotsInUse,
  startFaultCluster,
} from './fault-cluster.js'
import { onStage, ROUNDS } from './stage.js'
import { Token } from './token.js'
import { Traffic } from './traffic.js'
import { until } from './until.js'

/** Three heartbeats of the default 500 ms, and what a busy machine takes to ask and answer. */
const BOUND_MS = 3 * 500 + 200

describe('a gate on a Cluster', ROUNDS, () => {
  it(
    'serves accounts of every node at the same moment, without a fault anywhere',
    onStage(async (stage) => {
      const cluster = await startFaultCluster(stage)
      const { gate, store } = await stage.gate({ cluster: cluster.urls })
      const partitions = Array.from({ length: 30 }, (_, index) => `partition-${index}`)
      const write = { add: { collection: 'c', id: 'i' }, amount: 1 }
      const commits = await Promise.allSettled(
        partitions.map((partition) => store.commit(partition, { writes: [write] })),
      )
      const failures = commits.flatMap((commit) =>
        commit.status === 'rejected' ? [String(commit.reason)] : [],
      )
      expect([...new Set(failures)]).toEqual([])
      const issued = await Promise.allSettled(partitions.map(() => Token.issue(gate)))
      expect(issued.filter(({ status }) => status === 'rejected')).toEqual([])
    }),
  )

  it(
    'follows when a master is killed and its replica takes over, and nothing that a replica had is undone',
    onStage(async (stage) => {
      const cluster = await startFaultCluster(stage)
      const replicas = await addReplicas(stage, cluster)
      const { gate, store } = await stage.gate({ cluster: cluster.urls })
      await endure(gate, {
        fault: async (_traffic, administration) => {
          await administration.stop()
          const [master] = cluster.masters
          const [replica] = replicas
          if (!master || !replica) throw new Error('no nodes')
          await until('the replica has everything', 4000, () => haveSameOffset(master, replica))
          master.server.signal('SIGKILL')
          // What the near cache holds is answered all the while.
          await until('a part of the records is out of reach', 4000, () => isPartOutOfReach(store))
          await until('the replica takes over', 15_000, () => isMaster(replica))
        },
      })
    }),
  )

  it(
    'goes on while slots move to another master, and charges once',
    onStage(async (stage) => {
      const cluster = await startFaultCluster(stage)
      const [from, to] = cluster.masters
      if (!from || !to) throw new Error('no nodes')
      const { gate, store } = await stage.gate({ cluster: cluster.urls })
      const spent = { collection: 'usage', id: 'spent' }
      let charges = 0
      let isMoving = true
      await endure(gate, {
        fault: async () => {
          const charging = (async () => {
            while (isMoving) {
              charges += 1
              const once = { key: `charge-${charges}`, expiresAt: Date.now() + 60_000 }
              await until('the charge is answered', 5000, () =>
                store.commit('p', { writes: [{ add: spent, amount: 1 }], once }).then(
                  () => true,
                  () => false,
                ),
              )
            }
          })()
          for (const slot of await slotsInUse(from)) await migrateSlot(slot, from, to)
          for (const slot of await slotsInUse(to)) await migrateSlot(slot, to, from)
          isMoving = false
          await charging
        },
      })
      expect((await store.read('p', [spent]))[0]?.value).toBe(charges)
    }),
  )

  it(
    'hears of a ban that came while its watch was cut off for a moment',
    onStage(async (stage) => {
      const cluster = await startFaultCluster(stage)
      const near = await stage.gate({ cluster: cluster.urls })
      const far = await stage.gate({ cluster: cluster.urls })
      const tokens: Token[] = []
      for (let count = 0; count < 10; count++) tokens.push(await Token.issue(near.gate))
      const traffic = new Traffic(far.gate, tokens, { feltWithinMs: BOUND_MS })
      try {
        await until('the near cache answers', 8000, async () => {
          const before = traffic.allowed
          for (const token of tokens) await traffic.ask(token)
          return traffic.allowed - before >= tokens.length
        })
        for (const token of tokens) {
          let isBanned = false
          const banning = token.ban(near.gate).finally(() => {
            isBanned = true
          })
          await until(
            'it is banned',
            4000,
            async () => {
              const kill = ({ operator }: ClusterNode) => operator.client('KILL', 'TYPE', 'pubsub')
              await Promise.all(cluster.masters.map(kill))
              return isBanned
            },
            2,
          )
          await banning
        }
        await until('every ban bites', BOUND_MS, async () => {
          const answers: string[] = []
          for (const token of tokens) answers.push(await traffic.ask(token))
          return answers.every((answer) => answer === 'deny')
        })
      } finally {
        await traffic.stop()
      }
      expect(traffic.violations).toEqual([])
    }),
  )

  it(
    'sends nothing twice when a node resets the connection after it carried out a charge',
    onStage(async (stage) => {
      const cluster = await startFaultCluster(stage)
      const proxies = await hideBehindProxies(stage, cluster)
      const { store } = await stage.gate({ cluster: proxies.map(({ url }) => url) })
      const unnamed = { collection: 'usage', id: 'charge-without-once' }
      await store.commit('p', { writes: [{ add: { ...unnamed, id: 'other' }, amount: 0 }] })
      for (const proxy of proxies) proxy.inflict({ kind: 'resetAfterRequest', containing: unnamed.id })
      const attempt = store.commit('p', { writes: [{ add: unnamed, amount: 5 }] })
      await attempt.catch(() => {})
      await until('the connection is cut', 1000, () => proxies.some(({ strikes }) => strikes > 0))
      for (const proxy of proxies) proxy.inflict({ kind: 'pass' })
      await until('the store answers', 5000, () =>
        store.read('p', [unnamed]).then(
          ([record]) => record !== undefined,
          () => false,
        ),
      )
      expect((await store.read('p', [unnamed]))[0]?.value).toBe(5)
    }),
  )
})

async function isPartOutOfReach(store: Store): Promise<boolean> {
  const partitions = Array.from({ length: 20 }, (_, index) => `partition-${index}`)
  const key = { collection: 'c', id: 'i' }
  const reads = await Promise.allSettled(partitions.map((partition) => store.read(partition, [key])))
  return reads.some(({ status }) => status === 'rejected')
}

async function isMaster({ operator }: ClusterNode): Promise<boolean> {
  const info = await operator.cluster('INFO')
  return (await operator.info('replication')).includes('role:master') && info.includes('cluster_state:ok')
}

async function haveSameOffset(...nodes: readonly ClusterNode[]): Promise<boolean> {
  const infos = await Promise.all(nodes.map(({ operator }) => operator.info('replication')))
  const offsets = infos.map((info) => /master_repl_offset:(\d+)/.exec(info)?.[1])
  return offsets.every((offset) => offset === offsets[0])
}
