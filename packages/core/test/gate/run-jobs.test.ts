import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type NamedJob, runJobs } from '../../src/gate/run-jobs.js'
import { memoryStore } from '../../src/store/memory.js'
import { type RedisServer, startRedis } from '../redis/redis-server.js'
import { gateFixture } from './gate-fixture.js'

const PROGRAM = path.join(
  fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url)),
  'job-runner.mjs',
)
const LEASE_MS = 900

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
  await build({
    entryPoints: [fileURLToPath(new URL('./job-runner.fixture.ts', import.meta.url))],
    outfile: PROGRAM,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    loader: { '.lua': 'text' },
  })
})
afterAll(() => redis.stop())

interface Runner {
  readonly child: ChildProcessWithoutNullStreams
  /** What it has said. */
  readonly said: string[]
}

function startRunner(): Runner {
  const child = spawn(process.execPath, [PROGRAM, redis.url, String(LEASE_MS)])
  onTestFinished(() => void child.kill('SIGKILL'))
  const said: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => said.push(line))
  return { child, said }
}

const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 15_000, interval: 20 })

describe('a job of two processes on one store', () => {
  it('is run by one, by the other within the lease once that was killed, and at once when it closed', async () => {
    const runners = [startRunner(), startRunner()] as const
    await soon(() => expect(runners.flatMap(({ said }) => said).length).toBeGreaterThan(2))
    const [leader, follower] = runners[0].said.length > 0 ? runners : ([runners[1], runners[0]] as const)
    expect(follower.said).toEqual([])

    leader.child.kill('SIGKILL')
    await once(leader.child, 'exit')
    const killedAt = Date.now()
    await soon(() => expect(follower.said.length).toBeGreaterThan(0))
    const tookOverAt = Number(follower.said[0]?.split(' ')[1])
    // The rest of the lease, then the follower's next look, then the period of the job.
    expect(tookOverAt - killedAt).toBeLessThan(LEASE_MS + LEASE_MS / 3 + 1000 + 500)

    const third = startRunner()
    await soon(() => expect(follower.said.length).toBeGreaterThan(2))
    expect(third.said).toEqual([])
    follower.child.stdin.write('close\n')
    await soon(() => expect(follower.said).toContain('closed'))
    await soon(() => expect(third.said.length).toBeGreaterThan(0))
    const runs = follower.said.length
    await soon(() => expect(third.said.length).toBeGreaterThan(2))
    expect(follower.said).toHaveLength(runs)
  })
})

describe('a job', () => {
  const open = async (job: Partial<NamedJob>, leaseMs = 300) => {
    const fixture = await gateFixture({ clock: Date.now, store: memoryStore() })
    const jobs = runJobs(
      fixture.context,
      [{ plugin: 'test', name: 'sweep', everySeconds: 1, run: async () => {}, ...job }],
      leaseMs,
    )
    onTestFinished(() => jobs.close())
    return { ...fixture, jobs }
  }

  it('tells when it ran last, how it went, and when it runs next', async () => {
    const { jobs } = await open({})
    await vi.waitFor(async () => {
      const [status] = await jobs.status()
      expect(status).toMatchObject({
        plugin: 'test',
        name: 'sweep',
        isLeader: true,
        lastRun: { outcome: 'done' },
      })
      expect(status?.nextRunAt).toBe((status?.lastRun?.startedAt ?? 0) + 1000)
    })
  })

  it('that throws has failed, is reported, and runs again', async () => {
    let runs = 0
    const { jobs, events } = await open({
      async run() {
        runs += 1
        throw new Error('no')
      },
    })
    await soon(() => expect(runs).toBe(2))
    expect(events).toContainEqual(expect.objectContaining({ code: 'job_failed' }))
    await expect.poll(async () => (await jobs.status())[0]?.lastRun?.outcome).toBe('failed')
  })

  it('that takes longer than its deadline is told to stop, and never runs beside itself', async () => {
    let atOnce = 0
    let most = 0
    let aborted = 0
    const { jobs } = await open({
      deadlineSeconds: 1,
      async run(signal) {
        atOnce += 1
        most = Math.max(most, atOnce)
        await once(signal, 'abort')
        aborted += 1
        atOnce -= 1
      },
    })
    await soon(() => expect(aborted).toBe(2))
    expect(most).toBe(1)
    await expect.poll(async () => (await jobs.status())[0]?.lastRun?.outcome).not.toBe('done')
  })

  it('is aborted and awaited by close', async () => {
    let state = 'waiting'
    const { jobs } = await open({
      async run(signal) {
        state = 'running'
        await once(signal, 'abort')
        state = 'stopped'
      },
    })
    await soon(() => expect(state).toBe('running'))
    await jobs.close()
    expect(state).toBe('stopped')
  })

  it('is aborted before others may run it, when its process cannot renew the lease', async () => {
    let stopped = false
    const store = memoryStore()
    let isDown = false
    const faulty = {
      ...store,
      commit: (...input: Parameters<typeof store.commit>) =>
        isDown ? Promise.reject(new Error('down')) : store.commit(...input),
    }
    const fixture = await gateFixture({ clock: Date.now, store: faulty })
    const job: NamedJob = {
      plugin: 'test',
      name: 'sweep',
      everySeconds: 60,
      async run(signal) {
        isDown = true
        await once(signal, 'abort')
        stopped = true
      },
    }
    const jobs = runJobs(fixture.context, [job], 300)
    onTestFinished(() => jobs.close())
    await vi.waitFor(() => expect(isDown).toBe(true))
    const began = performance.now()
    await vi.waitFor(() => expect(stopped).toBe(true))
    expect(performance.now() - began).toBeLessThan(600)
  })
})
