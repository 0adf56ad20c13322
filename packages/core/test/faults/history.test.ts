import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { freePort } from '../redis/redis-server.js'
import { codeOf, issueTwo, noticed, reconcile, refusedAsLost, revokeOthers, sever } from './history.js'
import { startSentinelSetup } from './sentinel.js'
import { DURABLE, onStage, ROUNDS, type Stage } from './stage.js'
import { Token } from './token.js'
import { until } from './until.js'

const HEARTBEAT_MS = 100
const SNAPSHOTS = ['--appendonly', 'no', '--enable-debug-command', 'yes', '--repl-diskless-sync-delay', '0']

async function directoryOf(operator: Redis): Promise<string> {
  const [, directory = ''] = (await operator.config('GET', 'dir')) as string[]
  return directory
}

async function witnessOf(stage: Stage): Promise<{ path: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'portcullis-witness-'))
  stage.after(() => rm(directory, { recursive: true, force: true }))
  return { path: path.join(directory, 'witness') }
}

async function snapshotServer(stage: Stage) {
  const server = await stage.redis(SNAPSHOTS)
  const operator = stage.operator(server.port)
  const gateOf = async (more: { witness?: { path: string } } = {}) =>
    (await stage.gate({ url: server.url, heartbeatMs: HEARTBEAT_MS, ...more })).gate
  return { server, operator, gateOf }
}

describe('a ban that Redis acknowledged and lost is not undone: who was banned is refused', ROUNDS, () => {
  it(
    'when everything is flushed under a live connection',
    onStage(async (stage) => {
      const { operator, gateOf } = await snapshotServer(stage)
      const gate = await gateOf()
      const { banned } = await issueTwo(gate)
      await operator.call('SAVE')
      await banned.ban(gate)
      await operator.flushall()
      await noticed(gate)
      await operator.call('DEBUG', 'RELOAD', 'NOSAVE').catch(() => {})
      await refusedAsLost(gate, banned)
    }),
  )

  it(
    'when an older snapshot is loaded under a live connection',
    onStage(async (stage) => {
      const { operator, gateOf } = await snapshotServer(stage)
      const gate = await gateOf()
      const { banned } = await issueTwo(gate)
      await operator.call('SAVE')
      await banned.ban(gate)
      await operator.call('DEBUG', 'RELOAD', 'NOSAVE', 'MERGE').catch(() => {})
      await operator.call('DEBUG', 'RELOAD', 'NOSAVE').catch(() => {})
      await refusedAsLost(gate, banned)
    }),
  )

  it(
    'when an older snapshot is put in the place of the newer one and Redis starts from it',
    onStage(async (stage) => {
      const { server, operator, gateOf } = await snapshotServer(stage)
      const gate = await gateOf()
      const directory = await directoryOf(operator)
      const { banned } = await issueTwo(gate)
      await operator.call('SAVE')
      await copyFile(path.join(directory, 'dump.rdb'), path.join(directory, 'older.rdb'))
      await banned.ban(gate)
      await operator.call('SAVE')
      server.signal('SIGKILL')
      await copyFile(path.join(directory, 'older.rdb'), path.join(directory, 'dump.rdb'))
      await server.restart()
      await refusedAsLost(gate, banned)
    }),
  )

  it(
    'when all data is replaced by that of another server, by a full resync under a live connection',
    onStage(async (stage) => {
      const { server, operator, gateOf } = await snapshotServer(stage)
      const gate = await gateOf()
      const { banned } = await issueTwo(gate)
      const other = await stage.redis([...SNAPSHOTS, '--replicaof', `127.0.0.1 ${server.port}`])
      const otherOperator = stage.operator(other.port)
      await until('the other has a copy', 8000, async () =>
        (await otherOperator.info('replication')).includes('master_link_status:up'),
      )
      await otherOperator.call('REPLICAOF', 'NO', 'ONE')
      await banned.ban(gate)
      await operator.call('REPLICAOF', '127.0.0.1', String(other.port))
      await until('it is a copy of the other', 8000, async () =>
        (await operator.info('replication')).includes('master_link_status:up'),
      )
      await operator.call('REPLICAOF', 'NO', 'ONE')
      await refusedAsLost(gate, banned)
    }),
  )

  it(
    'while no gate was running: the witness remembers',
    onStage(async (stage) => {
      const { server, operator, gateOf } = await snapshotServer(stage)
      const witness = await witnessOf(stage)
      const first = await gateOf({ witness })
      const { good, banned } = await issueTwo(first)
      await operator.call('SAVE')
      await banned.ban(first)
      await first.close()
      server.signal('SIGKILL')
      await server.restart()
      const second = await gateOf({ witness })
      expect(await codeOf(second, banned)).toBe('issued_before_loss')
      expect(await codeOf(second, good)).toBe('issued_before_loss')
      expect(await codeOf(second, await Token.issue(second))).toBe('allow')
    }),
  )

  it(
    'while no gate was running and the next one knew nothing: until one that remembers joins it',
    onStage(async (stage) => {
      const { server, operator, gateOf } = await snapshotServer(stage)
      const witness = await witnessOf(stage)
      const first = await gateOf({ witness })
      const { banned } = await issueTwo(first)
      await operator.call('SAVE')
      await banned.ban(first)
      await first.close()
      server.signal('SIGKILL')
      await server.restart()
      const fresh = await gateOf()
      await revokeOthers(fresh, 3)
      expect(await codeOf(fresh, banned)).toBe('allow')
      await gateOf({ witness })
      await until('the fresh gate has heard', 1000, async () => (await codeOf(fresh, banned)) !== 'allow')
      await refusedAsLost(fresh, banned)
    }),
  )

  it(
    'when a fresh gate makes as many other revocations before an idle one looks',
    onStage(async (stage) => {
      const { server, operator, gateOf } = await snapshotServer(stage)
      const proxy = await stage.proxy(server.port)
      const { gate: idle } = await stage.gate({ url: proxy.url, heartbeatMs: HEARTBEAT_MS })
      const { banned } = await issueTwo(idle)
      await operator.call('SAVE')
      await banned.ban(idle)
      proxy.inflict({ kind: 'stall' })
      proxy.reset({ refuseNew: true })
      server.signal('SIGKILL')
      await server.restart()
      const fresh = await gateOf()
      await revokeOthers(fresh, 1)
      proxy.inflict({ kind: 'pass' })
      await noticed(idle)
      await refusedAsLost(idle, banned)
      await refusedAsLost(fresh, banned)
    }),
  )

  it(
    'when nobody asks an idle gate for anything: it finds out by itself, and tells a fresh one',
    onStage(async (stage) => {
      const { server, operator, gateOf } = await snapshotServer(stage)
      const idle = await gateOf()
      const { banned } = await issueTwo(idle)
      await operator.call('SAVE')
      await banned.ban(idle)
      server.signal('SIGKILL')
      await server.restart()
      const fresh = await gateOf()
      await noticed(fresh)
      await refusedAsLost(fresh, banned)
    }),
  )

  it(
    'when sentinels switch to a replica that lagged, and the old master lives on',
    onStage(async (stage) => {
      const setup = await startSentinelSetup(stage)
      const { hosts, name } = setup
      const { gate } = await stage.gate({ sentinels: { hosts, name }, heartbeatMs: HEARTBEAT_MS })
      const { banned } = await issueTwo(gate)
      await setup.replicated()
      const [master, replica] = [stage.operator(setup.master.port), stage.operator(setup.replica.port)]
      await sever(replica, master)
      await banned.ban(gate)
      const [sentinel] = hosts
      await stage.operator(Number(sentinel?.split(':')[1])).call('SENTINEL', 'FAILOVER', name)
      await until('the replica is the master', 15_000, async () =>
        (await replica.info('replication')).includes('role:master'),
      )
      await reconcile(replica)
      await refusedAsLost(gate, banned)
    }),
  )

  it(
    'when both sides of a partition went on and the one with the ban gives way',
    onStage(async (stage) => {
      const [left, right] = [await stage.redis(), await stage.redis()]
      const [leftOperator, rightOperator] = [stage.operator(left.port), stage.operator(right.port)]
      await rightOperator.call('REPLICAOF', '127.0.0.1', String(left.port))
      const { gate } = await stage.gate({ url: left.url, heartbeatMs: HEARTBEAT_MS })
      const { banned } = await issueTwo(gate)
      await until('the other side has a copy', 8000, async () => {
        const infos = await Promise.all([leftOperator, rightOperator].map((each) => each.info('replication')))
        const offsets = infos.map((info) => /master_repl_offset:(\d+)/.exec(info)?.[1])
        return infos[1]?.includes('master_link_status:up') === true && offsets[0] === offsets[1]
      })
      await rightOperator.call('REPLICAOF', 'NO', 'ONE')
      await banned.ban(gate)
      const { gate: other } = await stage.gate({ url: right.url, heartbeatMs: HEARTBEAT_MS })
      await revokeOthers(other, 1)
      await leftOperator.call('REPLICAOF', '127.0.0.1', String(right.port))
      await until('it follows', 8000, async () =>
        (await leftOperator.info('replication')).includes('master_link_status:up'),
      )
      const codes = new Set<string>()
      for (let asked = 0; asked < 20; asked++) codes.add(await codeOf(gate, banned))
      expect([...codes]).not.toContain('allow')
      await leftOperator.call('REPLICAOF', 'NO', 'ONE')
      await refusedAsLost(gate, banned)
    }),
  )
})

describe('a server that became a replica and keeps its connections', ROUNDS, () => {
  it(
    'lets nobody in, not even from memory: it does not hear what is banned at its new master',
    onStage(async (stage) => {
      const server = await stage.redis()
      const operator = stage.operator(server.port)
      const { gate } = await stage.gate({ url: server.url, heartbeatMs: HEARTBEAT_MS })
      const { good } = await issueTwo(gate)
      await until('it is remembered', 4000, async () => (await codeOf(gate, good)) === 'allow')
      // Nobody is there, so that it keeps the data that it has.
      await operator.call('REPLICAOF', '127.0.0.1', String(await freePort()))
      await until('it is refused', 2000, async () => (await codeOf(gate, good)) === 'unavailable')
      for (let asked = 0; asked < 50; asked++) {
        expect(await codeOf(gate, good)).toBe('unavailable')
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      await operator.call('REPLICAOF', 'NO', 'ONE')
      await until('it is let in again', 4000, async () => (await codeOf(gate, good)) === 'allow')
    }),
  )
})

describe('nothing is taken for a loss', ROUNDS, () => {
  it(
    'when others have made many revocations since the witness was written, or it is found again and again',
    onStage(async (stage) => {
      const server = await stage.redis(DURABLE)
      const witness = await witnessOf(stage)
      const options = { url: server.url, heartbeatMs: HEARTBEAT_MS }
      const { gate: first } = await stage.gate({ ...options, witness })
      const { good } = await issueTwo(first)
      await revokeOthers(first, 3)
      await first.close()
      const { gate: other } = await stage.gate(options)
      await revokeOthers(other, 150)
      for (let start = 0; start < 3; start++) {
        const { gate } = await stage.gate({ ...options, witness })
        expect(await codeOf(gate, good)).toBe('allow')
        await revokeOthers(gate, 1)
        await gate.close()
      }
      expect(await codeOf(other, good)).toBe('allow')
    }),
  )

  it(
    'by a gate that was away while others noticed a loss and an operator accepted it',
    onStage(async (stage) => {
      const { server, operator, gateOf } = await snapshotServer(stage)
      const witness = await witnessOf(stage)
      const away = await gateOf({ witness })
      const { good, banned } = await issueTwo(away)
      await operator.call('SAVE')
      await banned.ban(away)
      const present = await gateOf()
      await away.close()
      server.signal('SIGKILL')
      await server.restart()
      await refusedAsLost(present, banned)
      await present.store.acceptLoss({ by: { service: 'test' } })
      const back = await gateOf({ witness })
      for (const gate of [present, back])
        await until('what is there is good', 2000, async () => (await codeOf(gate, good)) === 'allow')
      expect(await codeOf(present, good)).toBe('allow')
    }),
  )
})
