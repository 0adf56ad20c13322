import { expect, it } from 'vitest'
import type { CredentialKind } from '../../src/authentication/credential-kind.js'
import { createGate } from '../../src/gate/create-gate.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import { must, refusalOf, SECRET, SIGNING_SECRET, TestClock } from '../gate/gate-fixture.js'
import { afterwards } from '../proxy/harness.js'
import { isRobot, type Robot, robots, USER } from './credential-kinds.fixture.js'

const by = { service: 'test' }
const account = USER

async function start(more: Partial<CredentialKind> = {}, store?: (clock: TestClock) => Store) {
  const clock = new TestClock()
  const gate = await createGate({
    store: store?.(clock) ?? memoryStore({ clock: clock.read }),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    clock: clock.read,
    plugins: [robots(more)],
  })
  afterwards(() => gate.close())
  const ask = async (id: string) => {
    const decision = await gate.authenticate({ method: 'GET', target: '/', rawHeaders: ['x-robot', id] })
    return decision.outcome === 'deny' ? decision.denial.code : decision.outcome
  }
  const { context } = gate.robots
  const put = (id: string, value: Robot) =>
    context.collection('robots', isRobot, { account }).put({ id, value: { ...value } })
  const issue = (id: string) =>
    context.issue({
      account,
      collection: 'robots',
      id,
      record: ({ tokenGeneration }) => ({ value: { createdAt: clock.now, tokenGeneration } }),
    })
  return { gate, clock, ask, put, issue }
}

const underGeneration: Partial<CredentialKind> = {
  issued({ partition }, record) {
    const robot = record as Robot | undefined
    return { partition, issuedAt: robot?.createdAt, tokenGeneration: robot?.tokenGeneration ?? -1 }
  },
}

it.each<[string, Partial<CredentialKind>]>([
  ['under a generation', underGeneration],
  ['under none', {}],
  [
    'under none, by a kind that does not say when',
    { issued: ({ partition }) => ({ partition, issuedAt: undefined }) },
  ],
])('what a plugin has issued %s stays dead after a ban that was lifted', async (_, more) => {
  const { gate, ask, issue } = await start(more)
  expect(must(await issue('r1'))).toBe(true)
  expect(await ask('r1')).toBe('allow')
  must(await gate.standing.ban({ account, by }))
  expect(await ask('r1')).toBe('account_banned')
  must(await gate.standing.unban({ account, by }))
  expect(await ask('r1')).toBe('token_revoked')
})

it('the revocation of all tokens ends it, and none that is issued afterwards, also in the same millisecond', async () => {
  const { gate, ask, issue } = await start(underGeneration)
  must(await issue('r1'))
  must(await gate.tokens.revokeAll({ account, by }))
  must(await issue('r2'))
  expect(await ask('r1')).toBe('token_revoked')
  expect(await ask('r2')).toBe('allow')
})

it('what was written without its generation ends with all tokens, too, and goes by the time', async () => {
  const { gate, clock, ask, put } = await start()
  await put('r1', { createdAt: clock.now })
  clock.advance(1)
  must(await gate.tokens.revokeAll({ account, by }))
  clock.advance(1)
  await put('r2', { createdAt: clock.now })
  expect(await ask('r1')).toBe('token_revoked')
  expect(await ask('r2')).toBe('allow')
})

it('a kind can say by name that it outlives revocation', async () => {
  const { gate, ask, put } = await start({
    issued: ({ partition }) => ({ partition, issuedAt: undefined, outlivesRevocation: true }),
  })
  await put('r1', { createdAt: 0 })
  must(await gate.standing.ban({ account, by }))
  expect(await ask('r1')).toBe('account_banned')
  must(await gate.standing.unban({ account, by }))
  expect(await ask('r1')).toBe('allow')
})

it('nothing is issued to a banned account, nor a second record under one id', async () => {
  const { gate, issue } = await start()
  expect(must(await issue('r1'))).toBe(true)
  expect(must(await issue('r1'))).toBe(false)
  must(await gate.standing.ban({ account, by }))
  expect(refusalOf(await issue('r2'))).toBe('account_banned')
})

it('a ban that comes while something is issued ends it or refuses it', async () => {
  let beforeCommit: (() => Promise<unknown>) | undefined
  const { gate, ask, issue } = await start(underGeneration, (clock) => {
    const store = memoryStore({ clock: clock.read })
    return {
      ...store,
      async commit(partition, commit) {
        const now = beforeCommit
        const isIssuing = commit.writes.some(
          (write) => 'put' in write && write.put.collection === 'robots/robots',
        )
        if (isIssuing) beforeCommit = undefined
        if (isIssuing) await now?.()
        return store.commit(partition, commit)
      },
    }
  })
  beforeCommit = () => gate.tokens.revokeAll({ account, by })
  expect(must(await issue('r1'))).toBe(true)
  expect(await ask('r1')).toBe('allow')
  beforeCommit = () => gate.standing.ban({ account, by })
  expect(refusalOf(await issue('r2'))).toBe('account_banned')
  expect(await ask('r2')).toBe('account_banned')
})

it('what is issued goes to a collection of the plugin’s own', async () => {
  const { gate } = await start()
  const record = () => ({ value: true })
  await expect(gate.robots.context.issue({ account, collection: 'tokens', id: 'a', record })).rejects.toThrow(
    TypeError,
  )
})
