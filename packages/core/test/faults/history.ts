import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import type { Gate } from '../../src/gate/gate.js'
import { must } from '../gate/gate-fixture.js'
import { Token } from './token.js'
import { until } from './until.js'

/** How long a loss may go unnoticed: a heartbeat of the tests, a reconnection, and what a busy machine takes. */
const NOTICED_MS = 4000

export async function codeOf(gate: Gate, { request }: Token): Promise<string> {
  try {
    const decision = await gate.authenticate(request)
    return decision.outcome === 'deny' ? decision.denial.code : decision.outcome
  } catch {
    return 'unavailable'
  }
}

/** Asks until `code` comes, and holds all answers until then to be none that lets the token in. */
export async function refusedAsLost(gate: Gate, token: Token, code = 'issued_before_loss'): Promise<void> {
  const codes = new Set<string>()
  await until(`the answer is ${code}`, NOTICED_MS, async () => {
    const answer = await codeOf(gate, token)
    codes.add(answer)
    return answer === code
  }).catch(() => {})
  expect([...codes]).toContain(code)
  expect([...codes]).not.toContain('allow')
}

/** Without asking for any account: what an idle gate finds out by itself. */
export async function noticed(gate: Gate): Promise<void> {
  await until('the loss is noticed', NOTICED_MS, async () => {
    const response = await gate.handle(new Request('https://gate.test/ready'))
    return (await response.text()).includes('came back without records')
  })
}

/** So many revocations, each of an account of its own. */
export async function revokeOthers(gate: Gate, count: number): Promise<void> {
  for (let revoked = 0; revoked < count; revoked++)
    must(await gate.standing.ban({ account: `other-${revoked}@example.com`, by: { service: 'test' } }))
}

/** From now on nothing reaches the replica, which stays as it is and answers. */
export async function sever(replica: Redis, master: Redis): Promise<void> {
  await replica.config('SET', 'masteruser', 'nobody')
  await replica.config('SET', 'masterauth', 'nothing')
  await master.client('KILL', 'TYPE', 'replica')
  await until('the replica is cut off', 5000, async () =>
    (await replica.info('replication')).includes('master_link_status:down'),
  )
}

export async function reconcile(replica: Redis): Promise<void> {
  await replica.config('SET', 'masteruser', '')
  await replica.config('SET', 'masterauth', '')
}

/** A token of an account that is banned, and one that is good. */
export async function issueTwo(gate: Gate): Promise<{ good: Token; banned: Token }> {
  return { good: await Token.issue(gate, 'good'), banned: await Token.issue(gate, 'banned') }
}
