import { beforeEach, describe, expect, it } from 'vitest'
import { identify } from '../../src/identify.js'
import { issueToken } from '../../src/tokens/issue.js'
import { must, PROGRAM } from '../gate-fixture.js'
import { type HttpFixture, httpFixture } from '../http/http-fixture.js'

const USER = 'user@example.com'
let fixture: HttpFixture
let token: string

beforeEach(async () => {
  fixture = await httpFixture({ tokenRenewal: 'offer' })
  const input = { account: USER, by: PROGRAM, name: 'laptop', scopes: ['api'], lifetimeSeconds: 1000 }
  token = must(await issueToken(fixture.deps, input)).token
})

const renew = (credential = token) =>
  fixture.call('POST', '/api/token/renew', {
    headers: { authorization: `Bearer ${credential}` },
  })

const renewal = async () => {
  const view = { method: 'GET', target: '/', rawHeaders: ['x-api-key', token] }
  return must(await identify(fixture.deps, new Map(), view)).credential.renewal
}

describe('a token in the last fifth of its life', () => {
  it('is told where it gets a successor, not earlier', async () => {
    fixture.clock.advance(799_999)
    expect(await renewal()).toBeUndefined()
    expect((await renew()).status).toBe(409)
    fixture.clock.advance(1)
    expect(await renewal()).toBe('/api/token/renew')
  })

  it('gets one with its name, scopes and lifetime, and goes on until it expires', async () => {
    fixture.clock.advance(900_000)
    const response = await renew()
    expect(response.status).toBe(201)
    const minted = (await response.json()) as { token: string }
    expect(minted).toMatchObject({ token_name: 'laptop', scopes: ['api'], expires_in: 1000 })
    expect(await renewal()).toBeDefined()
    expect((await renew(minted.token)).status).toBe(409)
  })

  it('gets none where renewal is not offered', async () => {
    fixture = await httpFixture()
    token = must(await issueToken(fixture.deps, { by: PROGRAM, account: USER, lifetimeSeconds: 1000 })).token
    fixture.clock.advance(900_000)
    expect(await renewal()).toBeUndefined()
    expect((await renew()).status).toBe(409)
  })
})
