import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { oidcProvider } from '../../src/oidc/index.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import { TestClock } from '../gate/gate-fixture.js'
import { httpFixture } from './http-fixture.js'

/** A store that can be told to take no writes, and says what it was asked. */
function storeWithSwitch() {
  const clock = new TestClock()
  const memory = memoryStore({ clock: clock.read })
  const state = { isFull: false, writes: 0 }
  const store: Store = {
    ...memory,
    commit(...input) {
      state.writes += 1
      return state.isFull ? Promise.reject(new Error('no room')) : memory.commit(...input)
    },
  }
  return { store, clock: clock.read, state, advance: (ms: number) => clock.advance(ms) }
}

describe('/ready', () => {
  it('is 200 while store and provider answer', async () => {
    const { call } = await httpFixture()
    const response = await call('GET', '/ready')
    expect([response.status, await response.json()]).toMatchObject([200, { store: true }])
  })

  it('is 503 with a store that answers reads and takes no writes, until it takes them again', async () => {
    const { store, clock, state, advance } = storeWithSwitch()
    const { call } = await httpFixture({ store, clock })
    state.isFull = true
    const full = await call('GET', '/ready')
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await full.json()).toMatchObject({
      status: 'not_ready',
      store: false,
      warnings: expect.arrayContaining(['The store takes no writes.']),
    })
    state.isFull = false
    advance(1000)
    expect((await call('GET', '/ready')).status).toBe(200)
  })

  it('writes one record and once a second, however often a stranger asks', async () => {
    const { store, clock, state } = storeWithSwitch()
    const { call } = await httpFixture({ store, clock })
    const before = [state.writes, await store.count('gate', 'gate')]
    for (let asked = 0; asked < 50; asked++) await call('GET', '/ready')
    expect([state.writes, await store.count('gate', 'gate')]).toEqual([
      Number(before[0]) + 1,
      Number(before[1]) + 1,
    ])
  })
})

/** The origin of a server that answers every request so. */
async function answering(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('/ready with a provider that logs nobody in', () => {
  it.each<[string, RequestListener, string]>([
    [
      'calls itself otherwise',
      (_req, res) => void res.end(JSON.stringify({ issuer: 'https://other.test' })),
      'calls itself "https://other.test": give exactly that',
    ],
    ['is not found', (_req, res) => void res.writeHead(404).end(), 'answered with status 404'],
    [
      'shows a page instead',
      (_req, res) => void res.setHeader('content-type', 'text/html').end('<h1>Welcome</h1>'),
      'no metadata',
    ],
    [
      'sends round in a circle',
      (req, res) => void res.writeHead(302, { location: req.url ?? '' }).end(),
      'answered with status 302',
    ],
    ['is broken', (_req, res) => void res.writeHead(500).end(), 'did not answer: status 500'],
  ])('is 503 and the log says why, once: it %s', async (_, answer, reason) => {
    const issuer = await answering((req, res) => {
      res.setHeader('content-type', 'application/json')
      answer(req, res)
    })
    const identityProvider = oidcProvider({ issuer, clientId: 'gate' })
    const { call, events } = await httpFixture({ identityProvider })
    const response = await call('GET', '/ready')
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ store: true, identity_provider: false })
    for (let asked = 0; asked < 20; asked++) await call('GET', '/ready')
    expect(events).toEqual([
      expect.objectContaining({
        level: 'error',
        code: reason.includes('500') ? 'provider_unavailable' : 'provider_misconfigured',
        detail: expect.stringContaining(reason),
        options: ['issuer'],
      }),
    ])
  })

  it('asks a provider that hangs one question at a time, and answers within its second', async () => {
    let asked = 0
    const { call } = await httpFixture({
      identityProvider: {
        issuer: 'https://idp.test',
        begin: () => Promise.reject(new Error('unused')),
        complete: () => Promise.reject(new Error('unused')),
        logoutUrl: async () => undefined,
        ready: () => {
          asked += 1
          return new Promise(() => {})
        },
      },
    })
    const began = performance.now()
    const answers = await Promise.all([call('GET', '/ready'), call('GET', '/ready')])
    answers.push(await call('GET', '/ready'))
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503])
    expect(performance.now() - began).toBeLessThan(3000)
    expect(asked).toBe(1)
  })
})
