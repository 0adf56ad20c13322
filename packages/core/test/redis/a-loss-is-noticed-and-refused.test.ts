import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GateEvent } from '../../src/context/event.js'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import type { GateOptions } from '../../src/gate/gate-options.js'
import { redisStore } from '../../src/redis/index.js'
import { must, SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { type RedisServer, startRedis } from './redis-server.js'

const ROOT = 'root@example.com'
const USER = 'user@example.com'
const PATIENCE = { timeout: 5000, interval: 20 }

let server: RedisServer
let gates: Gate[]
let events: GateEvent[]

beforeEach(async () => {
  gates = []
  events = []
  server = await startRedis()
})
afterEach(async () => {
  for (const gate of gates) await gate.close()
  await server.stop()
})

async function openGate(options: Partial<GateOptions> = {}): Promise<Gate> {
  const gate = await createGate({
    store: redisStore({ url: server.url, heartbeatMs: 50, commandTimeoutMs: 1000 }),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    superAdmins: [ROOT],
    storeDeadlineMs: 1000,
    onEvent: (event) => events.push(event),
    ...options,
  })
  gates.push(gate)
  return gate
}

/** The code of the denial, `allow`, or `unavailable`. */
async function judge(gate: Gate, token: string): Promise<string> {
  try {
    const decision = await gate.authenticate({ method: 'GET', target: '/', rawHeaders: ['x-api-key', token] })
    return decision.outcome === 'deny' ? decision.denial.code : decision.outcome
  } catch {
    return 'unavailable'
  }
}

async function killAndRestart() {
  server.signal('SIGKILL')
  await server.restart()
}

async function save() {
  const operator = new Redis(server.port, '127.0.0.1')
  await operator.call('SAVE')
  operator.disconnect()
}

async function warningsOf(gate: Gate): Promise<string[]> {
  const response = await gate.handle(new Request('https://gate.test/ready'))
  return ((await response.json()) as { warnings: string[] }).warnings
}

describe('a Redis that came back with less than it had', () => {
  it('does not bring a revoked token back to life: what was issued before is refused', async () => {
    const [gate, other] = [await openGate(), await openGate()]
    const kept = must(await gate.tokens.issue({ account: USER }))
    const revoked = must(await gate.tokens.issue({ account: USER }))
    expect([await judge(gate, kept.token), await judge(other, revoked.token)]).toEqual(['allow', 'allow'])
    await save()
    must(await gate.tokens.revoke({ account: USER, id: revoked.info.id, by: { service: 'test' } }))
    await expect.poll(() => judge(other, revoked.token), PATIENCE).toBe('token_revoked')

    await killAndRestart()
    for (const each of [gate, other])
      for (const { token } of [kept, revoked]) {
        const verdicts = new Set<string>()
        await expect
          .poll(async () => [...verdicts.add(await judge(each, token))].at(-1), PATIENCE)
          .toBe('issued_before_loss')
        expect([...verdicts]).not.toContain('allow')
      }
  })

  it('issues tokens that work, and says what happened until an operator accepts it', async () => {
    const gate = await openGate()
    const before = must(await gate.tokens.issue({ account: USER }))
    await judge(gate, before.token)
    await killAndRestart()
    await expect.poll(() => judge(gate, before.token), PATIENCE).toBe('issued_before_loss')
    const after = must(await gate.tokens.issue({ account: USER }))
    expect(await judge(gate, after.token)).toBe('allow')
    // What `/ready` says is kept for a second.
    await expect
      .poll(() => warningsOf(gate), PATIENCE)
      .toContainEqual(expect.stringContaining('came back without records'))

    must(await gate.store.acceptLoss({ by: { service: 'test' } }))
    expect(await judge(gate, after.token)).toBe('allow')
    expect(await judge(gate, before.token)).toBe('token_invalid')
    await expect
      .poll(() => warningsOf(gate), PATIENCE)
      .not.toContainEqual(expect.stringContaining('came back without records'))
    const [last] = (await gate.audit.list({ limit: 1 })).items
    expect(last).toMatchObject({ action: 'store.accept_loss', actor: 'service:test' })
  })

  it('accepts in every process what was accepted in one', async () => {
    const [gate, other] = [await openGate(), await openGate()]
    const { token, info } = must(await gate.tokens.issue({ account: USER }))
    await save()
    must(await gate.tokens.issue({ account: USER }))
    must(await gate.tokens.revoke({ account: USER, id: info.id, by: { service: 'test' } }))
    await killAndRestart()
    for (const each of [gate, other])
      await expect.poll(() => judge(each, token), PATIENCE).toBe('issued_before_loss')
    must(await other.store.acceptLoss({ by: { service: 'test' } }))
    // Its revocation is gone for good, which is what the operator has accepted.
    for (const each of [gate, other]) await expect.poll(() => judge(each, token), PATIENCE).toBe('allow')
  })

  it('lets pass what is still there when the gate was told to accept losses', async () => {
    const gate = await openGate({ onDataLoss: 'accept' })
    const { token, info } = must(await gate.tokens.issue({ account: USER }))
    await save()
    must(await gate.tokens.revoke({ account: USER, id: info.id, by: { service: 'test' } }))
    await killAndRestart()
    await expect.poll(() => judge(gate, token), PATIENCE).toBe('allow')
  })

  it('has lost nothing when a snapshot holds every revocation', async () => {
    const gate = await openGate()
    const { token, info } = must(await gate.tokens.issue({ account: USER }))
    const spare = must(await gate.tokens.issue({ account: USER }))
    must(await gate.tokens.revoke({ account: USER, id: info.id, by: { service: 'test' } }))
    await save()
    await killAndRestart()
    await expect.poll(() => judge(gate, spare.token), PATIENCE).toBe('allow')
    expect(await judge(gate, token)).toBe('token_revoked')
  })
})

describe('a store that may not keep what it acknowledges', () => {
  it('keeps a strict gate from starting, and says why', async () => {
    await expect(openGate({ onStoreDegraded: 'refuse' })).rejects.toMatchObject({
      code: 'configuration_invalid',
      problems: [expect.stringContaining('append-only')],
    })
  })

  it('makes a strict gate unready', async () => {
    const operator = new Redis(server.port, '127.0.0.1')
    await operator.config('SET', 'appendonly', 'yes')
    const gate = await openGate({ onStoreDegraded: 'refuse', storeDeadlineMs: 2000 })
    const ready = () => gate.handle(new Request('https://gate.test/ready'))
    expect((await ready()).status).toBe(200)
    await operator.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await expect.poll(async () => (await ready()).status, PATIENCE).toBe(503)
    operator.disconnect()
  })
})
