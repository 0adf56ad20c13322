import { describe, expect, it } from 'vitest'
import { createGate } from '../../src/gate/create-gate.js'
import { memoryStore } from '../../src/store/memory.js'
import { gateFixture, must, refusalOf, withFaults } from './gate-fixture.js'

describe('a gate', () => {
  it('bans every spelling of an e-mail at once', async () => {
    const { options } = await gateFixture()
    const gate = await createGate(options)
    must(await gate.standing.ban({ account: ' Case@Example.com', by: { service: 'test' } }))
    expect(refusalOf(await gate.tokens.issue({ account: 'case@EXAMPLE.com' }))).toBe('account_banned')
    expect(refusalOf(await gate.standing.ban({ account: 'nobody', by: { service: 'test' } }))).toBe(
      'input_invalid',
    )
  })

  it('knows at once that someone who was let in may no longer stay', async () => {
    const { options } = await gateFixture()
    const gate = await createGate(options)
    const { token, info } = must(await gate.tokens.issue({ account: 'user@example.com' }))
    const decision = await gate.authenticate({ method: 'GET', target: '/', rawHeaders: ['x-api-key', token] })
    if (decision.outcome !== 'allow') throw new Error('not allowed')
    expect(await gate.stillAllowed(decision.identity)).toBe(true)
    must(await gate.tokens.revoke({ account: 'user@example.com', id: info.id, by: { service: 'test' } }))
    expect(await gate.stillAllowed(decision.identity)).toBe(false)
  })

  it('lets a token in whose use it cannot record, and says so in the log', async () => {
    const memory = memoryStore()
    const store = withFaults(memory, {
      commit: (partition, batch) =>
        batch.writes.some((write) => 'put' in write && write.put.collection === 'token-use')
          ? Promise.reject(new Error('not now'))
          : memory.commit(partition, batch),
    })
    const { options, events } = await gateFixture({ store, clock: Date.now })
    const gate = await createGate(options)
    const { token } = must(await gate.tokens.issue({ account: 'user@example.com' }))
    const view = { method: 'GET', target: '/', rawHeaders: ['x-api-key', token] }
    expect((await gate.authenticate(view)).outcome).toBe('allow')
    await expect.poll(() => events.map(({ code }) => code)).toContain('activity_unrecorded')
    const { items } = must(await gate.tokens.list({ account: 'user@example.com', limit: 10 }))
    expect([items.length, items[0]?.lastUsedAt]).toEqual([1, undefined])
  })

  it('records when a token was last used', async () => {
    const { options, clock } = await gateFixture()
    const gate = await createGate(options)
    const { token } = must(await gate.tokens.issue({ account: 'user@example.com' }))
    await gate.authenticate({ method: 'GET', target: '/', rawHeaders: ['x-api-key', token] })
    const { items } = must(await gate.tokens.list({ account: 'user@example.com', limit: 10 }))
    expect(items[0]?.lastUsedAt).toBe(clock.now)
  })

  it('says nothing of its insides in an answer to an unknown failure', async () => {
    const { options, events } = await gateFixture()
    const gate = await createGate(options)
    const response = gate.refuse(new Error('password=hunter2 at 10.1.2.3'), '/v1/messages')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toMatch(/hunter2|10\.1\.2\.3/)
    expect(events).toContainEqual(expect.objectContaining({ level: 'error', code: 'internal_error' }))
  })
})
