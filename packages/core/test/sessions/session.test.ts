import { describe, expect, it } from 'vitest'
import { identify } from '../../src/authentication/authenticate.js'
import type { GateContext } from '../../src/context/context.js'
import { clearCookie, cookieNames, writeCookie } from '../../src/sessions/cookie.js'
import { endSession } from '../../src/sessions/end.js'
import { extendSession } from '../../src/sessions/extend.js'
import { listSessions } from '../../src/sessions/list.js'
import { handleOf, parseCookieValue, type SessionKey, sessionRecords } from '../../src/sessions/session.js'
import { startSession } from '../../src/sessions/start.js'
import { memoryStore } from '../../src/store/memory.js'
import { gateFixture, must, refusalOf, withFaults } from '../gate/gate-fixture.js'

const account = 'user@example.com'
const facts = {
  email: account,
  name: 'A User',
  groups: ['users'],
  userAgent: `Browser\u0000${'x'.repeat(5000)}`,
  issuer: 'https://idp.test',
  subject: '1',
  idToken: 'canary-id-token',
}
const HOUR = 3_600_000

function call(context: GateContext, cookieValue: string) {
  const rawHeaders = ['cookie', `__Host-portcullis_session=${cookieValue}`]
  return identify(context, { method: 'GET', target: '/', rawHeaders })
}

function keyOf(cookieValue: string): SessionKey {
  const key = parseCookieValue(cookieValue)
  if (!key) throw new Error('not a cookie value')
  return key
}

describe('a session', () => {
  it('identifies its account with all the scopes of its role', async () => {
    const { context } = await gateFixture()
    const { cookieValue } = must(await startSession(context, facts))
    expect(must(await call(context, cookieValue))).toMatchObject({
      email: account,
      name: 'A User',
      groups: ['users'],
      role: 'user',
      scopes: ['api', 'tokens:write'],
    })
  })

  it('carries at least 128 random bits, in a cookie far below 4096 bytes', async () => {
    const { context } = await gateFixture()
    const first = must(await startSession(context, facts)).cookieValue
    const second = must(await startSession(context, facts)).cookieValue
    expect(first).not.toBe(second)
    expect(first.split('.')[1]).toHaveLength(43)
    expect(first.length).toBeLessThan(100)
  })

  it('is encrypted at rest: the store sees neither its secret nor e-mail nor provider token', async () => {
    const { context, store } = await gateFixture()
    const { cookieValue } = must(await startSession(context, facts))
    const key = keyOf(cookieValue)
    const [record] = await store.read(key.partition, [sessionRecords.key(key.id)])
    const kept = JSON.stringify(record)
    for (const secret of [account, 'A User', 'canary-id-token', cookieValue.split('.')[1] ?? ''])
      expect(kept).not.toContain(secret)
  })

  it('ends when it is idle for too long, and lives on while it is used', async () => {
    const { context, clock } = await gateFixture()
    const { cookieValue } = must(await startSession(context, facts))
    for (let day = 0; day < 3; day++) {
      clock.advance(23 * HOUR)
      expect((await call(context, cookieValue)).ok).toBe(true)
    }
    clock.advance(24 * HOUR)
    expect(refusalOf(await call(context, cookieValue))).toBe('session_invalid')
  })

  it('ends at its absolute limit, however busy', async () => {
    const { context, clock } = await gateFixture()
    const { cookieValue, maxAgeSeconds } = must(await startSession(context, facts))
    expect(maxAgeSeconds).toBe(7 * 86_400)
    for (let hours = 0; hours < 7 * 24; hours += 12) {
      expect((await call(context, cookieValue)).ok).toBe(true)
      clock.advance(12 * HOUR)
    }
    expect(refusalOf(await call(context, cookieValue))).toBe('session_invalid')
  })

  it('is never resurrected by an extension that races its end', async () => {
    const { context, store, clock } = await gateFixture()
    const { cookieValue } = must(await startSession(context, facts))
    const key = keyOf(cookieValue)
    const [stored] = await store.read(key.partition, [sessionRecords.key(key.id)])
    if (!stored) throw new Error('no record')
    clock.advance(HOUR)
    must(await endSession(context, { key }))
    await extendSession(context, key, stored)
    expect(refusalOf(await call(context, cookieValue))).toBe('session_invalid')
  })

  it('is not found by its handle: what administration shows cannot be used as a cookie', async () => {
    const { context } = await gateFixture()
    const { cookieValue } = must(await startSession(context, facts))
    expect(refusalOf(await call(context, handleOf(keyOf(cookieValue))))).toBe('session_invalid')
  })

  it('does not open under another account: a record moved to another partition is refused', async () => {
    const { context, store } = await gateFixture()
    const { cookieValue } = must(await startSession(context, facts))
    const key = keyOf(cookieValue)
    const [stored] = await store.read(key.partition, [sessionRecords.key(key.id)])
    if (!stored) throw new Error('no record')
    const other = context.partitionOf('admin@example.com')
    await store.commit(other, { writes: [{ put: sessionRecords.key(key.id), value: stored.value }] })
    expect(refusalOf(await call(context, cookieValue.replace(key.partition, other)))).toBe('session_invalid')
  })

  it.each(['', 'x', `${'a'.repeat(22)}.${'b'.repeat(43)}`, '../../x', 'a'.repeat(5000)])(
    'is not adopted from a planted cookie %j',
    async (planted) => {
      const { context } = await gateFixture()
      expect((await call(context, planted)).ok).toBe(false)
    },
  )

  it('is refused when the browser sends two different ones', async () => {
    const { context } = await gateFixture()
    const { cookieValue } = must(await startSession(context, facts))
    const planted = `${'a'.repeat(22)}.${'b'.repeat(43)}`
    const outcome = await call(context, `${cookieValue}; __Host-portcullis_session=${planted}`)
    expect(refusalOf(outcome)).toBe('session_invalid')
  })

  it('is listed with bounded text while it lives, and no longer', async () => {
    const { context } = await gateFixture()
    const { cookieValue } = must(await startSession(context, facts))
    const { items } = await listSessions(context, { account, limit: 10 })
    expect(items).toHaveLength(1)
    expect(items[0]?.userAgent).toHaveLength(256)
    must(await endSession(context, { key: keyOf(cookieValue) }))
    expect((await listSessions(context, { account, limit: 10 })).items).toEqual([])
  })

  it('answers an exception, not an end, when the store fails', async () => {
    const store = memoryStore()
    const { context } = await gateFixture({ store, clock: Date.now })
    const { cookieValue } = must(await startSession(context, facts))
    const failing = withFaults(store, { read: () => Promise.reject(new Error('gone')) })
    const { context: broken } = await gateFixture({ store: failing, clock: Date.now })
    await expect(call(broken, cookieValue)).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})

describe('the session cookie', () => {
  it('is bound to this host and https, out of reach of scripts', () => {
    expect(writeCookie(cookieNames(true).session, 'v', { secure: true, maxAgeSeconds: 60 })).toBe(
      '__Host-portcullis_session=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure',
    )
    expect(clearCookie(cookieNames(false).session, false)).toBe(
      'portcullis_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0',
    )
  })
})
