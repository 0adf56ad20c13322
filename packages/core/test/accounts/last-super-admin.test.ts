import { describe, expect, it } from 'vitest'
import { releaseSuperAdminBan, reserveSuperAdminBan } from '../../src/accounts/last-super-admin.js'
import { gateFixture, refusalOf } from '../gate/gate-fixture.js'

const ROOT = 'root@example.com'
const SECOND = 'second@example.com'

describe('of all super admins', () => {
  it('one stays, when they are put out of service at the same moment', async () => {
    const { context, clock } = await gateFixture()
    const until = clock.now + 1000
    const outcomes = await Promise.all(
      [ROOT, SECOND].map((each) => reserveSuperAdminBan(context, each, until)),
    )
    expect(outcomes.map(refusalOf).sort()).toEqual(['last_super_admin', undefined])
  })

  it('one stays, whether the other is out by a ban or by the directory, until that is over', async () => {
    for (const cause of ['ban', 'directory'] as const) {
      const { context, clock } = await gateFixture()
      expect(refusalOf(await reserveSuperAdminBan(context, ROOT, clock.now + 1000, cause))).toBeUndefined()
      expect(refusalOf(await reserveSuperAdminBan(context, SECOND, clock.now + 1000))).toBe(
        'last_super_admin',
      )
      clock.advance(1000)
      expect(refusalOf(await reserveSuperAdminBan(context, SECOND, clock.now + 1000))).toBeUndefined()
    }
  })

  it('who is out by both is out until both are over', async () => {
    const { context, clock } = await gateFixture()
    const until = clock.now + 1000
    await reserveSuperAdminBan(context, ROOT, until, 'ban')
    await reserveSuperAdminBan(context, ROOT, until, 'directory')
    await releaseSuperAdminBan(context, ROOT, 'ban')
    expect(refusalOf(await reserveSuperAdminBan(context, SECOND, until))).toBe('last_super_admin')
    await releaseSuperAdminBan(context, ROOT, 'directory')
    expect(refusalOf(await reserveSuperAdminBan(context, SECOND, until))).toBeUndefined()
  })

  it('the only one is never put out of service', async () => {
    const { context, clock } = await gateFixture({ superAdmins: [ROOT] })
    expect(refusalOf(await reserveSuperAdminBan(context, ROOT, clock.now + 1000))).toBe('last_super_admin')
  })
})
