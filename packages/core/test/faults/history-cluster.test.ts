import { describe, it } from 'vitest'
import type { Gate } from '../../src/gate/gate.js'
import { addReplicas, type ClusterNode, type FaultCluster, startFaultCluster } from './fault-cluster.js'
import { reconcile, refusedAsLost, sever } from './history.js'
import { onStage, ROUNDS, type Stage } from './stage.js'
import { Token } from './token.js'
import { until } from './until.js'

const HEARTBEAT_MS = 100

/** A token of an account that lies on a node, found by what its issue writes there. */
async function tokenOn({ operator }: ClusterNode, gate: Gate): Promise<Token> {
  const accounts = async () => (await operator.keys('*:tokens')).filter((key) => !key.includes('{directory}'))
  for (;;) {
    const before = new Set(await accounts())
    const token = await Token.issue(gate)
    if ((await accounts()).some((key) => !before.has(key))) return token
  }
}

async function clusterWithLaggard(stage: Stage) {
  const cluster: FaultCluster = await startFaultCluster(stage)
  const replicas = await addReplicas(stage, cluster)
  const [master] = cluster.masters
  const [replica] = replicas
  if (!master || !replica) throw new Error('no nodes')
  return { cluster, master, replica }
}

async function isMaster({ operator }: ClusterNode): Promise<boolean> {
  return (await operator.info('replication')).includes('role:master')
}

describe(
  'a ban that a Cluster acknowledged and lost is not undone: who was banned is refused',
  ROUNDS,
  () => {
    it(
      'when a replica that lagged takes over and the old master lives on, with its connections',
      onStage(async (stage) => {
        const { cluster, master, replica } = await clusterWithLaggard(stage)
        const { gate } = await stage.gate({ cluster: cluster.urls, heartbeatMs: HEARTBEAT_MS })
        const banned = await tokenOn(master, gate)
        await until('the replica has it', 4000, async () => (await master.operator.wait(1, 500)) === 1)
        await sever(replica.operator, master.operator)
        await banned.ban(gate)
        await replica.operator.call('CLUSTER', 'FAILOVER', 'TAKEOVER')
        await until('the replica is the master', 8000, () => isMaster(replica))
        await reconcile(replica.operator)
        await until('the old master gives way', 8000, async () => !(await isMaster(master)))
        await refusedAsLost(gate, banned)
      }),
    )

    it(
      'when the master that had it was in the minority, and other revocations came to pass meanwhile',
      onStage(async (stage) => {
        const { cluster, master, replica } = await clusterWithLaggard(stage)
        const others = cluster.masters.filter((each) => each !== master)
        const { gate } = await stage.gate({ cluster: cluster.urls, heartbeatMs: HEARTBEAT_MS })
        const banned = await tokenOn(master, gate)
        const other = await tokenOn(master, gate)
        await until('the replica has it', 4000, async () => (await master.operator.wait(1, 500)) === 1)
        await sever(replica.operator, master.operator)
        await banned.ban(gate)
        master.server.signal('SIGSTOP')
        await replica.operator.call('CLUSTER', 'FAILOVER', 'TAKEOVER')
        await until('the majority has another master', 8000, () => isMaster(replica))
        await reconcile(replica.operator)
        const majority = [...others, replica].map(({ server }) => server.url)
        const { gate: meanwhile } = await stage.gate({ cluster: majority, heartbeatMs: HEARTBEAT_MS })
        await until('another account is banned', 8000, () =>
          other.ban(meanwhile).then(
            () => true,
            () => false,
          ),
        )
        master.server.signal('SIGCONT')
        await until('the partition is healed', 8000, async () => !(await isMaster(master)))
        await refusedAsLost(gate, banned)
        await refusedAsLost(meanwhile, banned)
      }),
    )

    it(
      'when a node is flushed while nobody asks for anything on it',
      onStage(async (stage) => {
        const cluster = await startFaultCluster(stage)
        const [master] = cluster.masters
        if (!master) throw new Error('no nodes')
        const { gate, store } = await stage.gate({ cluster: cluster.urls, heartbeatMs: HEARTBEAT_MS })
        const banned = await tokenOn(master, gate)
        await banned.ban(gate)
        await master.operator.flushall()
        await until('it is noticed', 4000, async () =>
          (await store.health()).warnings.some((warning) => warning.includes('came back without records')),
        )
      }),
    )
  },
)
