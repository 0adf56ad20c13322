import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Identity } from '../../src/authentication/identity.js'
import type { ForwardingGate } from '../../src/proxy/forwarder.js'
import type { ForwardOptions } from '../../src/proxy/options.js'
import { createRecheck, recheckFor } from '../../src/proxy/recheck.js'
import {
  ANNA,
  afterwards,
  call,
  codeOf,
  identityOf,
  open,
  startGate,
  startUpstream,
  until,
} from './harness.js'

const headerIdentity = (req: IncomingMessage) =>
  identityOf(
    String(req.headers['x-test-account'] ?? 'anna@example.com'),
    String(req.headers['x-test-id'] ?? 'jti-1'),
  )

async function startStreams(
  stillAllowed: ForwardingGate['stillAllowed'],
  more: Partial<ForwardOptions> = {},
) {
  const upstream = await startUpstream((_req, res) => res.write('data: 1\n\n'))
  const gate = await startGate(
    { upstream: { url: upstream.url }, recheckEveryMs: 10, ...more },
    { who: headerIdentity, gate: { stillAllowed } },
  )
  const stream = async (headers: Record<string, string>) => {
    const [response] = (await once(open(gate.port, { path: '/a', headers }).end(), 'response')) as [
      IncomingMessage,
    ]
    const state = { isCut: false }
    response.on('error', () => {
      state.isCut = true
    })
    response.resume()
    return state
  }
  return { gate, stream }
}

describe('who is being served', () => {
  it('is cut as soon as the account is banned, and nobody else is', async () => {
    const banned = new Set<string>()
    const { gate, stream } = await startStreams(async (who) => !banned.has(who.accountId))
    const anna = await Promise.all([stream({}), stream({ 'x-test-id': 'jti-2' })])
    const ben = await stream({ 'x-test-account': 'ben@example.com' })
    banned.add('anna@example.com')
    await until(() => anna.every(({ isCut }) => isCut), 1_000)
    await until(() => gate.running() === 1)
    expect(ben.isCut).toBe(false)
    expect(gate.events.map(({ code }) => code)).toEqual(['stream_cut', 'stream_cut'])
  })

  it('goes on after a ban only where the operator chose that by name', async () => {
    let isBanned = false
    const stillAllowed = async () => !isBanned
    const { gate, stream } = await startStreams(stillAllowed, { onAccessWithdrawn: 'insecure_finish' })
    const kept = await stream({})
    const checked = await startStreams(stillAllowed)
    const cut = await checked.stream({})
    isBanned = true
    await until(() => cut.isCut, 1_000)
    expect([kept.isCut, gate.running()]).toEqual([false, 1])
  })

  it('is cut when the token is revoked, while another token of the account goes on', async () => {
    const revoked = new Set<string>()
    const { gate, stream } = await startStreams(async (who) => !revoked.has(who.credential.id))
    const [first, second] = [await stream({}), await stream({ 'x-test-id': 'jti-2' })]
    revoked.add('jti-1')
    await until(() => first.isCut && gate.running() === 1, 1_000)
    expect(second.isCut).toBe(false)
  })

  it('gets a 403 when the response has not begun', async () => {
    const { url } = await startUpstream(() => {})
    const { port } = await startGate(
      { upstream: { url }, recheckEveryMs: 10 },
      { gate: { stillAllowed: async () => false } },
    )
    const answer = await call(port, { path: '/a' })
    expect([answer.status, codeOf(answer)]).toEqual([403, 'access_withdrawn'])
  })

  it('goes on while the check fails, until it answers again', async () => {
    let asked = 0
    let answer: () => boolean = () => {
      throw new Error('store is down')
    }
    const { gate, stream } = await startStreams(async () => {
      asked += 1
      return answer()
    })
    const state = await stream({})
    await until(() => asked >= 3)
    expect(state.isCut).toBe(false)
    expect(new Set(gate.events.map(({ code }) => code))).toEqual(new Set(['recheck_failed']))
    answer = () => false
    await until(() => state.isCut, 1_000)
  })

  it('is not asked about any more once the response is there', async () => {
    const { url } = await startUpstream((req, res) => (req.url === '/short' ? res.end() : res.write('x')))
    const asked: string[] = []
    const stillAllowed = async (who: Identity) => asked.push(who.accountId) > 0
    const { port, running } = await startGate(
      { upstream: { url }, recheckEveryMs: 10 },
      { who: headerIdentity, gate: { stillAllowed } },
    )
    await call(port, { path: '/short' })
    await until(() => running() === 0)
    asked.length = 0
    open(port, { path: '/long', headers: { 'x-test-account': 'ben@example.com' } })
      .on('error', () => {})
      .end()
    await until(() => asked.length >= 3)
    expect(new Set(asked)).toEqual(new Set(['ben@example.com']))
  })
})

describe('createRecheck', () => {
  const report = () => {}

  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('asks once a round about a credential, however many streams it has, and never twice at a time', async () => {
    let asked = 0
    let answer = (_: boolean) => {}
    const stillAllowed = () => {
      asked += 1
      return new Promise<boolean>((resolve) => {
        answer = resolve
      })
    }
    const recheck = createRecheck({ everyMs: 1_000, stillAllowed, report })
    const cuts: number[] = []
    for (let at = 0; at < 50; at++) recheck.watch({ ...ANNA }, () => cuts.push(at))
    await vi.advanceTimersByTimeAsync(5_000)
    expect(asked).toBe(1)
    answer(true)
    await vi.advanceTimersByTimeAsync(1_000)
    expect([asked, cuts]).toEqual([2, []])
    answer(false)
    await vi.advanceTimersByTimeAsync(0)
    expect(cuts).toHaveLength(50)
    recheck.close()
  })

  it('tells of an outage once a round, not once a credential', async () => {
    const events: unknown[] = []
    const recheck = createRecheck({
      everyMs: 1_000,
      stillAllowed: () => Promise.reject(new Error('store is down')),
      report: (event) => events.push(event),
    })
    for (let at = 0; at < 50; at++) recheck.watch(identityOf(`a${at}@example.com`), () => {})
    await vi.advanceTimersByTimeAsync(3_000)
    expect(events).toHaveLength(3)
    recheck.close()
  })

  it('has a timer only while somebody is watched', () => {
    const recheck = createRecheck({ everyMs: 1_000, stillAllowed: async () => true, report })
    expect(vi.getTimerCount()).toBe(0)
    const stops = [recheck.watch(ANNA, () => {}), recheck.watch(identityOf('ben@example.com'), () => {})]
    expect(vi.getTimerCount()).toBe(1)
    for (const stop of stops) stop()
    expect(vi.getTimerCount()).toBe(0)
    recheck.watch(ANNA, () => {})
    expect(vi.getTimerCount()).toBe(1)
    recheck.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('survives a cut that ends another watch, and ending one twice', async () => {
    const recheck = createRecheck({ everyMs: 1_000, stillAllowed: async () => false, report })
    const cut: string[] = []
    const stopFirst = recheck.watch(ANNA, () => cut.push('first'))
    const stopSecond = recheck.watch(ANNA, () => {
      cut.push('second')
      stopFirst()
      stopFirst()
    })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(cut).toEqual(['first', 'second'])
    stopSecond()
    expect(vi.getTimerCount()).toBe(0)
  })
})

it('the timer does not keep the process alive', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const recheck = createRecheck({ everyMs: 1_000, stillAllowed: async () => true, report: () => {} })
  recheck.watch(ANNA, () => {})
  expect(timers()).toBe(before)
  recheck.close()
})

it('a proxy of one’s own is cut off as a forwarder is, and told of an interval that cannot be', async () => {
  const recheck = recheckFor({ stillAllowed: async () => false, report: () => {} }, { everyMs: 10 })
  afterwards(async () => recheck.close())
  await new Promise<void>((resolve) => recheck.watch(ANNA, resolve))
  const gate = { stillAllowed: async () => true, report: () => {} }
  for (const everyMs of [0, 9, 60_001, Number.NaN])
    expect(() => recheckFor(gate, { everyMs })).toThrow(/everyMs: give an integer/)
})
