import { describe, expect, it } from 'vitest'
import { listAudit } from '../../src/audit/list.js'
import type { Identity } from '../../src/authentication/identity.js'
import { createGate } from '../../src/gate/create-gate.js'
import { gateFixture, must, refusalOf } from '../gate/gate-fixture.js'
import { httpFixture, sessionOf } from '../http/http-fixture.js'

const USER = 'user@example.com'

/** Whom a gate lets in with a token of a trusted issuer that names the address of a super admin. */
const namesake: Identity = {
  accountId: 'root@example.com',
  email: 'root@example.com',
  groups: [],
  role: 'admin',
  scopes: ['admin'],
  credential: { kind: 'external_token', id: 'x', issuedAt: 0, expiresAt: 1 },
  partition: 'p',
}

async function gate() {
  const { options } = await gateFixture()
  return createGate(options)
}

describe('the actor of an operation', () => {
  it('has the role of its credential, not that of its address: a trusted issuer makes no super admin', async () => {
    const { standing } = await gate()
    expect(refusalOf(await standing.ban({ account: 'second@example.com', by: namesake }))).toBe(
      'super_admin_protected',
    )
    must(await standing.ban({ account: 'second@example.com', by: { service: 'operator' } }))
    expect(refusalOf(await standing.unban({ account: 'second@example.com', by: namesake }))).toBe(
      'super_admin_protected',
    )
  })

  it.each([
    ['an address', 'root@example.com'],
    ['nothing', null],
    ['a service without a name', { service: '' }],
    ['a service that is named like another actor', { service: 'x y' }],
    ['a service with a name of 65 characters', { service: 'x'.repeat(65) }],
    ['an identity with a role that does not exist', { ...namesake, role: 'root' }],
  ])('is not %s', async (_, by) => {
    const { standing, sessions, store } = await gate()
    expect(refusalOf(await standing.ban({ account: USER, by: by as never }))).toBe('input_invalid')
    expect(refusalOf(await sessions.end({ handle: 'x', by: by as never }))).toBe('input_invalid')
    expect(refusalOf(await store.acceptLoss({ by: by as never }))).toBe('input_invalid')
  })

  it('is recorded with its kind of credential', async () => {
    const { standing, tokens, audit } = await gate()
    must(await standing.ban({ account: USER, by: namesake, durationSeconds: 1 }))
    must(await standing.unban({ account: USER, by: { service: 'billing' } }))
    must(await tokens.issue({ account: USER }))
    const { items } = await audit.list({ limit: 10 })
    expect(items.map(({ action, actor, credential }) => [action, actor, credential])).toEqual([
      ['token.issue', 'service:program', 'service'],
      ['account.unban', 'service:billing', 'service'],
      ['account.ban', 'root@example.com', 'external_token'],
    ])
  })
})

describe('an operation over HTTP', () => {
  it('is recorded with the address of the client and the id of the request', async () => {
    const fixture = await httpFixture()
    const headers = await sessionOf(fixture.context, 'admin@example.com')
    const ban = (id: string) =>
      fixture.call(
        'POST',
        '/api/admin/sessions/revoke-user',
        { headers: { ...headers, 'x-request-id': id }, body: { user_email: USER } },
        { remoteAddress: '192.0.2.7' },
      )
    expect((await ban('r-1')).status).toBe(200)
    expect((await ban('not an id')).status).toBe(200)
    const { items } = await listAudit(fixture.context, { limit: 2, action: 'account.ban' })
    const origin = { actor: 'admin@example.com', credential: 'session', address: '192.0.2.7' }
    expect(items[0]).toMatchObject(origin)
    expect(items[0]).not.toHaveProperty('requestId')
    expect(items[1]).toMatchObject({ ...origin, requestId: 'r-1' })
  })
})
