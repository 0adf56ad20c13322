import { afterEach, describe, expect, it } from 'vitest'
import type { ApiKeyOperations } from '../../src/api-keys/operations.js'
import { apiKeys } from '../../src/api-keys/plugin.js'
import type { Outcome } from '../../src/errors/outcome.js'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import { memoryStore } from '../../src/store/memory.js'
import { must, SECRET, SIGNING_SECRET } from './gate-fixture.js'

const ADA = 'ada@example.com'
type KeyGate = Gate & { readonly apiKeys: ApiKeyOperations }

const open: Gate[] = []

async function openGate(): Promise<KeyGate> {
  const gate = await createGate({
    plugins: [apiKeys()],
    store: memoryStore(),
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
  })
  open.push(gate)
  return gate
}

afterEach(async () => {
  for (const gate of open.splice(0)) await gate.close()
})

function detailOf(outcome: Outcome<unknown>): string | undefined {
  return outcome.ok || outcome.denial.code !== 'input_invalid' ? undefined : outcome.denial.detail
}

/** As a program without types writes it. */
function untyped(input: unknown): never {
  return input as never
}

describe('an operation', () => {
  it.each([0, null, -5, '1h', Number.NaN, 1.5, Number.POSITIVE_INFINITY, 316_224_001])(
    'bans nobody for %s seconds, and says so',
    async (durationSeconds) => {
      const gate = await openGate()
      const outcome = await gate.standing.ban(
        untyped({ account: ADA, by: { service: 'test' }, durationSeconds }),
      )
      expect(detailOf(outcome)).toBe('durationSeconds: give an integer from 1 to 316224000.')
      expect((await gate.audit.list({ limit: 10 })).items).toEqual([])
    },
  )

  it('names every problem of its input at once', async () => {
    const gate = await openGate()
    const outcome = await gate.standing.ban(
      untyped({ account: 'nobody', by: null, durationSecond: 60, reason: 5, keepTokens: 'yes' }),
    )
    for (const member of ['account', 'by', 'durationSecond', 'reason', 'keepTokens'])
      expect(detailOf(outcome)).toContain(`${member}: `)
    expect(detailOf(outcome)).toContain('durationSeconds is meant, perhaps')
  })

  it.each([undefined, null, 'ada@example.com', []])('refuses %j in place of an input', async (input) => {
    const gate = await openGate()
    expect(detailOf(await gate.standing.unban(untyped(input)))).toBe('give an object.')
  })

  it('never takes a value of another kind for what it is not', async () => {
    const gate = await openGate()
    const { tokens, apiKeys, sessions, standing, store, audit } = gate
    const account = ADA
    const wrong: readonly [string, Promise<Outcome<unknown>>][] = [
      ['scopes', tokens.issue(untyped({ account, scopes: 'api' }))],
      ['scopes[1]', tokens.issue(untyped({ account, scopes: ['api', 7] }))],
      ['name', tokens.issue(untyped({ account, name: 7 }))],
      ['lifetimeSeconds', tokens.issue(untyped({ account, lifetimeSeconds: '1h' }))],
      ['grantable', tokens.issue(untyped({ account, grantable: 'api' }))],
      ['account', tokens.issue(untyped({}))],
      ['limit', tokens.list({ account, limit: 0 })],
      ['limit', tokens.list({ account, limit: 201 })],
      ['limit', tokens.list(untyped({ account }))],
      ['cursor', tokens.list({ account, limit: 1, cursor: 'made up' })],
      ['id', tokens.revoke(untyped({ account, id: 7, by: { service: 'test' } }))],
      ['id', tokens.revoke(untyped({ account }))],
      ['by', tokens.revokeAll(untyped({ account, by: 'root@example.com' }))],
      ['lifetimeSeconds', apiKeys.create({ account, lifetimeSeconds: 59 })],
      ['account', apiKeys.list(untyped({ account: 7 }))],
      ['overlapSeconds', apiKeys.rotate({ account, id: 'a', by: { service: 'test' }, overlapSeconds: -1 })],
      ['id', apiKeys.revoke(untyped({ account, id: '' }))],
      ['limit', sessions.list({ account, limit: Number.NaN })],
      ['cursor', sessions.list({ account, limit: 1, cursor: 'made up' })],
      ['handle', sessions.end(untyped({ handle: 7 }))],
      ['by', sessions.end(untyped({ handle: 'a', by: {} }))],
      ['account', standing.unban(untyped({ account: ['a@b'] }))],
      [
        'reloginAfterSeconds',
        standing.forceLogout({ account, by: { service: 'test' }, reloginAfterSeconds: 2_592_001 }),
      ],
      ['account', standing.signOutEverywhere(untyped({}))],
      ['by', store.acceptLoss(untyped({ by: null }))],
      ['by', audit.prune(untyped({ by: { service: '' } }))],
    ]
    for (const [member, outcome] of wrong) expect(detailOf(await outcome), member).toMatch(`${member}: `)
  })

  it('never acts as the program for an identity that is undefined', async () => {
    const { tokens, apiKeys, sessions, standing, store, audit } = await openGate()
    const [account, id, handle, by] = [ADA, 'a', 'a', undefined]
    const power = { tokens, apiKeys, sessions, standing, store, audit }
    const attempts = [
      power.tokens.issue(untyped({ account, by })),
      power.apiKeys.create(untyped({ account, by })),
      ...[{ by }, {}].flatMap((whoever) => [
        power.tokens.revoke(untyped({ account, id, ...whoever })),
        power.tokens.revokeAll(untyped({ account, ...whoever })),
        power.apiKeys.rotate(untyped({ account, id, ...whoever })),
        power.apiKeys.revoke(untyped({ account, id, ...whoever })),
        power.sessions.end(untyped({ handle, ...whoever })),
        power.standing.ban(untyped({ account, ...whoever })),
        power.standing.unban(untyped({ account, ...whoever })),
        power.standing.forceLogout(untyped({ account, ...whoever })),
        power.standing.signOutEverywhere(untyped({ account, ...whoever })),
        power.store.acceptLoss(untyped(whoever)),
        power.audit.prune(untyped(whoever)),
      ]),
    ]
    for (const outcome of await Promise.all(attempts))
      expect(detailOf(outcome)).toMatch(/^by: (required|give an identity.*)\.$/)
    expect((await audit.list({ limit: 10 })).items).toEqual([])
    must(await tokens.issue({ account }))
    must(await apiKeys.create({ account }))
  })

  it('takes nothing for an identity that the gate could not have let in', async () => {
    const { standing } = await openGate()
    const credential = { kind: 'session', id: 'a', issuedAt: 0, expiresAt: 1 }
    const whole = {
      accountId: ADA,
      email: ADA,
      groups: [],
      role: 'admin',
      scopes: [],
      partition: 'p',
      credential,
    }
    const account = 'user@example.com'
    must(await standing.ban(untyped({ account, by: whole })))
    for (const part of [
      { accountId: '' },
      { accountId: 5 },
      { role: 'root' },
      { scopes: 'admin' },
      { scopes: [5] },
      { partition: undefined },
      { credential: true },
      { credential: null },
      { credential: { ...credential, kind: 'service' } },
      { credential: { ...credential, kind: 'login' } },
      { credential: { ...credential, id: '' } },
    ])
      expect(
        detailOf(await standing.ban(untyped({ account, by: { ...whole, ...part } }))),
        JSON.stringify(part),
      ).toMatch(/^by: give/)
  })

  it('that answers no refusals rejects, with every problem', async () => {
    const { tokens, audit } = await openGate()
    const input = untyped({ limit: 0, cursor: 7, status: 'dead', mail: 'a' })
    await expect(tokens.listAll(input)).rejects.toThrow(/limit: .*cursor: .*status: .*mail: unknown; email/)
    await expect(audit.list(untyped({ limit: '10' }))).rejects.toThrow(RangeError)
  })

  it('takes what is in range, and undefined for what is not given', async () => {
    const { standing } = await openGate()
    const ban = must(
      await standing.ban(
        untyped({ account: ' ADA@Example.com', durationSeconds: undefined, by: { service: 'test' } }),
      ),
    )
    expect(ban.durationSeconds).toBe(604_800)
  })
})
