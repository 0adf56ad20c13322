import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import type { GateOptions } from '../../src/gate/gate-options.js'
import { listener } from '../../src/http/server/node.js'
import { lmdbStore } from '../../src/lmdb/index.js'
import { memoryStore } from '../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from './gate-fixture.js'

const release: (() => unknown)[] = []

afterEach(async () => {
  for (const one of release.splice(0).reverse()) await one()
})

const OPTIONS: GateOptions = {
  store: memoryStore(),
  publicUrl: 'https://gate.test',
  secret: SECRET,
  keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
}

const PATHS = [
  '/oauth2/start',
  '/ready',
  '/api/token/list',
  '/openapi.json',
  '/oauth2/callback?code=a&state=b',
  '/nowhere',
  '/page',
] as const

type Path = (typeof PATHS)[number]
type Statuses = Readonly<Record<Path, number>>

/** What a gate answers that has no login, no pages, and nobody with a credential. */
const SOUND: Statuses = {
  '/oauth2/start': 404,
  '/ready': 200,
  '/api/token/list': 401,
  '/openapi.json': 200,
  '/oauth2/callback?code=a&state=b': 404,
  '/nowhere': 404,
  '/page': 404,
}

/** Behind a listener, the service decides about what the gate does not own; here it lets nobody pass without a credential. */
const SERVED: Statuses = { ...SOUND, '/nowhere': 401, '/page': 401 }

async function handled(gate: Gate, init: RequestInit = {}): Promise<Partial<Statuses>> {
  const statuses = PATHS.map(async (target) => {
    const { status } = await gate.handle(new Request(`https://gate.test${target}`, init))
    return [target, status]
  })
  return Object.fromEntries(await Promise.all(statuses))
}

async function served(gate: Gate): Promise<Partial<Statuses>> {
  const server = createServer(listener(gate, (_req, res) => res.end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  release.push(() => server.close())
  const { port } = server.address() as AddressInfo
  const statusOf = (target: string) =>
    new Promise((resolve, reject) => {
      get({ port, path: target, headers: { authorization: 'Bearer x', accept: 'text/html' } }, (res) => {
        res.resume().once('end', () => resolve([target, res.statusCode]))
      }).once('error', reject)
    })
  return Object.fromEntries((await Promise.all(PATHS.map(statusOf))) as [Path, number][])
}

function throwing(): never {
  throw new Error('a hook is broken')
}

const rejecting = (): Promise<never> => Promise.reject(new Error('a hook is broken'))

describe('a gate whose store is closed', () => {
  it.each([
    ['memory', 'gate'],
    ['lmdb', 'gate'],
    ['memory', 'store'],
    ['lmdb', 'store'],
  ])('answers every request, with %s and the %s closed', async (kind, closed) => {
    const directory = await mkdtemp(path.join(tmpdir(), 'portcullis-'))
    release.push(() => rm(directory, { recursive: true }))
    const store = kind === 'memory' ? memoryStore() : lmdbStore({ path: directory })
    const gate = await createGate({ ...OPTIONS, store })
    const issued = await gate.tokens.issue({ account: 'ada@example.com' })
    const authorization = `Bearer ${issued.ok ? issued.value.token : ''}`
    await (closed === 'gate' ? gate : store).close()
    const isDown = { '/ready': 503 }
    expect(await handled(gate)).toEqual({ ...SOUND, ...isDown })
    expect(await handled(gate, { headers: { authorization } })).toEqual({
      ...SOUND,
      ...isDown,
      '/api/token/list': 503,
    })
    expect(await served(gate)).toEqual({ ...SERVED, ...isDown })
  })
})

it('a clock that fails leaves nobody without an answer', async () => {
  let clock = Date.now
  const gate = await createGate({ ...OPTIONS, store: memoryStore(), clock: () => clock() })
  release.push(() => gate.close())
  clock = throwing
  const timed = { '/oauth2/start': 500, '/oauth2/callback?code=a&state=b': 500, '/ready': 500 }
  expect(await handled(gate)).toEqual({ ...SOUND, ...timed })
  const presented = { '/api/token/list': 500, '/nowhere': 500, '/page': 500 }
  expect(await served(gate)).toEqual({ ...SERVED, ...timed, ...presented })
  clock = Date.now
})

describe('a hook that throws or rejects harms nobody:', () => {
  const page = { owns: (target: string) => target === '/page', isPublic: () => true, handle: rejecting }
  type Cases = Record<
    string,
    [options: (how: () => never) => Partial<GateOptions>, ...answers: Partial<Statuses>[]]
  >
  /** Where a hook that throws is answered in another way than one that rejects, the second is of the latter. */
  const hooks: Cases = {
    onEvent: [(how) => ({ onEvent: how, pages: [page] }), { '/page': 500 }],
    problems: [(how) => ({ problems: [how] }), {}],
    'pages.owns': [(how) => ({ pages: [{ ...page, owns: how }] }), { '/nowhere': 500, '/page': 500 }, {}],
    'pages.isPublic': [
      (how) => ({ pages: [{ ...page, isPublic: how }] }),
      { '/page': 500 },
      { '/page': 401 },
    ],
    'pages.handle': [(how) => ({ pages: [{ ...page, handle: how }] }), { '/page': 500 }],
    identityProvider: [
      (how) => ({
        identityProvider: {
          issuer: 'https://login.test',
          begin: how,
          complete: how,
          ready: how,
          logoutUrl: how,
        } as never,
      }),
      { '/oauth2/callback?code=a&state=b': 403, '/oauth2/start': 500, '/ready': 503 },
    ],
  }
  const cases = Object.entries(hooks).flatMap(([name, [options, ofThrowing, ofRejecting = ofThrowing]]) => [
    [name, 'throwing', options(throwing), ofThrowing] as const,
    [name, 'rejecting', options(rejecting as () => never), ofRejecting] as const,
  ])

  it.each(cases)('%s, %s', async (_name, _how, options, answers) => {
    const unhandled: unknown[] = []
    const note = (cause: unknown) => void unhandled.push(cause)
    process.on('unhandledRejection', note)
    release.push(() => void process.off('unhandledRejection', note))
    const gate = await createGate({ ...OPTIONS, store: memoryStore(), ...options })
    release.push(() => gate.close())
    expect(await handled(gate)).toEqual({ ...SOUND, ...answers })
    expect(await served(gate)).toEqual({ ...SERVED, ...answers })
    expect(gate.refuse(new Error('failed'), '/x').status).toBe(500)
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).toEqual([])
  })
})
