import { beforeEach, describe, expect, it } from 'vitest'
import type { Identity } from '../../src/authentication/identity.js'
import { beginDevice } from '../../src/device/begin.js'
import { decideDevice } from '../../src/device/decide.js'
import { device } from '../../src/device/plugin.js'
import { DEVICE } from '../../src/device/request.js'
import { oauth } from '../../src/oauth/plugin.js'
import { deviceOf, type GateFixture, gateFixture, must, refusalOf } from '../gate/gate-fixture.js'

let fixture: GateFixture

const begin = (address?: string) =>
  beginDevice(deviceOf(fixture.context), { client: { id: 'portcullis-cli' }, address })
const open = () => fixture.store.count(DEVICE, 'requests')

const person = (): Identity => ({
  accountId: 'ada@example.com',
  email: 'ada@example.com',
  groups: [],
  role: 'user',
  scopes: ['api'],
  credential: { kind: 'session', id: 'x', issuedAt: 0, expiresAt: 0 },
  partition: fixture.context.partitionOf('ada@example.com'),
})

/** As if so many had begun. */
async function count(id: string, amount: number) {
  const span = Math.floor(fixture.clock.now / 600_000)
  await fixture.store.commit(DEVICE, {
    writes: [{ add: { collection: 'open', id: `${id}:${span}` }, amount }],
  })
}

beforeEach(async () => {
  fixture = await gateFixture({ plugins: [oauth(), device()] })
})

describe('what strangers can begin', () => {
  it('is bounded by address: 200 in ten minutes that nobody has decided', async () => {
    for (let at = 0; at < 200; at++) must(await begin('203.0.113.5'))
    const refusal = await begin('203.0.113.5')
    expect(refusal).toMatchObject({ ok: false, denial: { code: 'rate_limited', retryAfterSeconds: 60 } })
    expect(await open()).toBe(200)
    must(await begin('203.0.113.6'))
  })

  it('is bounded in total, whatever addresses it comes from', async () => {
    await count('all', 4999)
    must(await begin('203.0.113.5'))
    const refusal = await begin('203.0.113.6')
    expect(refusal).toMatchObject({ ok: false, denial: { code: 'too_many_devices', status: 503 } })
    expect(refusalOf(await begin())).toBe('too_many_devices')
    fixture.clock.advance(600_000)
    must(await begin('203.0.113.6'))
  })

  it('leaves room again once somebody has decided', async () => {
    for (let at = 0; at < 199; at++) must(await begin('203.0.113.5'))
    const begun = must(await begin('203.0.113.5'))
    expect(refusalOf(await begin('203.0.113.5'))).toBe('rate_limited')
    const decided = {
      identity: person(),
      userCode: begun.userCode,
      decision: 'denied',
      scopes: ['api'],
    } as const
    must(await decideDevice(deviceOf(fixture.context), decided))
    must(await begin('203.0.113.5'))
  })

  it('leaves nothing ten minutes later, when nobody has looked it up', async () => {
    for (let at = 0; at < 50; at++) must(await begin('203.0.113.5'))
    fixture.clock.advance(600_000)
    expect(await open()).toBe(0)
    expect(await fixture.store.count(DEVICE, 'codes')).toBe(0)
    fixture.clock.advance(600_000)
    expect(await fixture.store.count(DEVICE, 'open')).toBe(0)
  })
})
