import { describe, expect, it } from 'vitest'
import { createGate } from '../../src/gate/create-gate.js'
import { gateFixture, must, refusalOf } from './gate-fixture.js'

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

  it('records when a token was last used, and goes on without when it cannot', async () => {
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
