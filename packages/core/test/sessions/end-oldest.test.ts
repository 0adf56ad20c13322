import { describe, expect, it } from 'vitest'
import { listAudit } from '../../src/audit/list.js'
import { identify } from '../../src/authentication/authenticate.js'
import type { GateContext } from '../../src/context/context.js'
import { listSessions } from '../../src/sessions/list.js'
import { startSession } from '../../src/sessions/start.js'
import { gateFixture, must } from '../gate/gate-fixture.js'

const account = 'user@example.com'
const facts = { email: account, groups: [], issuer: 'https://idp.test', subject: '1', idToken: 'x.y.z' }
const CAP = 3

async function letsIn(context: GateContext, { cookieValue }: { cookieValue: string }): Promise<boolean> {
  const rawHeaders = ['cookie', `__Host-portcullis_session=${cookieValue}`]
  return (await identify(context, { method: 'GET', target: '/', rawHeaders })).ok
}

describe('a login of an account with as many sessions as it may have', () => {
  it('is let in, and ends the oldest session, which is audited', async () => {
    const { context, clock } = await gateFixture({ maxCredentialsPerAccount: CAP })
    const started = []
    for (let count = 0; count < CAP + 2; count++) {
      started.push(must(await startSession(context, facts)))
      clock.advance(1000)
    }
    const letIn = []
    for (const one of started) letIn.push(await letsIn(context, one))
    expect(letIn).toEqual([false, false, true, true, true])
    const { items } = await listAudit(context, { limit: 50 })
    const ends = items.filter(({ action }) => action === 'session.end')
    expect(ends).toHaveLength(2)
    expect(ends[0]).toMatchObject({ details: { sessions: 1 } })
  })

  it('leaves no more than that when many log in at once', async () => {
    const { context } = await gateFixture({ maxCredentialsPerAccount: CAP })
    await Promise.all(Array.from({ length: 12 }, () => startSession(context, facts).then(must)))
    expect((await listSessions(context, { account, limit: 50 })).items).toHaveLength(CAP)
  })

  it('does not end a session for one that was idle for too long', async () => {
    const { context, clock } = await gateFixture({
      maxCredentialsPerAccount: 2,
      sessions: { idleSeconds: 3600, extendEverySeconds: 1 },
    })
    const busy = must(await startSession(context, facts))
    clock.advance(1000)
    must(await startSession(context, facts))
    clock.advance(1_800_000)
    expect(await letsIn(context, busy)).toBe(true)
    clock.advance(2_000_000)
    must(await startSession(context, facts))
    expect(await letsIn(context, busy)).toBe(true)
  })
})
