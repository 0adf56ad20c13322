import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import type { GateOptions } from '../../src/gate/gate-options.js'
import { listener } from '../../src/http/server/listener.js'
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
  '/api/me',
  '/openapi.json',
  '/oauth2/callback?code=a&state=b',
  '/nowhere',
  '/page',
]

async function statusesOf(gate: Gate): Promise<readonly number[]> {
  const server = createServer(listener(gate, (_req, res) => res.end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  release.push(() => server.close())
  const { port } = server.address() as AddressInfo
  const statusOf = (target: string) =>
    new Promise<number>((resolve, reject) => {
      get({ port, path: target, headers: { authorization: 'Bearer x', accept: 'text/html' } }, (res) => {
        res.resume().once('end', () => resolve(res.statusCode ?? 0))
      }).once('error', reject)
    })
  return Promise.all(PATHS.map(statusOf))
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
    for (const target of PATHS)
      for (const headers of [{}, { authorization }, { accept: 'text/html', 'sec-fetch-mode': 'navigate' }])
        for (const method of ['GET', 'POST'])
          expect(
            (await gate.handle(new Request(`https://gate.test${target}`, { method, headers }))).status,
          ).toBeGreaterThan(0)
    expect((await statusesOf(gate)).every((status) => status >= 200)).toBe(true)
  })
})

it('a clock that fails leaves nobody without an answer', async () => {
  let clock = Date.now
  const gate = await createGate({ ...OPTIONS, store: memoryStore(), clock: () => clock() })
  release.push(() => gate.close())
  clock = throwing
  for (const target of PATHS)
    expect((await gate.handle(new Request(`https://gate.test${target}`))).status).toBeGreaterThan(0)
  expect((await statusesOf(gate)).every((status) => status >= 200)).toBe(true)
  clock = Date.now
})

describe('a hook that throws or rejects harms nobody:', () => {
  const broken = { throwing, rejecting }
  const page = { owns: (target: string) => target === '/page', isPublic: () => true, handle: rejecting }
  const hooks: Record<string, (how: () => never) => Partial<GateOptions>> = {
    onEvent: (how) => ({ onEvent: how, pages: [page] }),
    problems: (how) => ({ problems: [how] }),
    'pages.owns': (how) => ({ pages: [{ ...page, owns: how }] }),
    'pages.isPublic': (how) => ({ pages: [{ ...page, isPublic: how }] }),
    'pages.handle': (how) => ({ pages: [{ ...page, handle: how }] }),
    identityProvider: (how) => ({
      identityProvider: {
        issuer: 'https://login.test',
        begin: how,
        complete: how,
        ready: how,
        logoutUrl: how,
      } as never,
    }),
  }
  const cases = Object.entries(hooks).flatMap(([name, options]) =>
    Object.entries(broken).map(([how, hook]) => [name, how, options(hook as () => never)] as const),
  )

  it.each(cases)('%s, %s', async (_name, _how, options) => {
    const unhandled: unknown[] = []
    const note = (cause: unknown) => void unhandled.push(cause)
    process.on('unhandledRejection', note)
    release.push(() => void process.off('unhandledRejection', note))
    const gate = await createGate({ ...OPTIONS, store: memoryStore(), ...options })
    release.push(() => gate.close())
    for (const target of PATHS)
      expect((await gate.handle(new Request(`https://gate.test${target}`))).status).toBeGreaterThan(0)
    expect((await statusesOf(gate)).every((status) => status >= 200)).toBe(true)
    expect(gate.refuse(new Error('failed'), '/x').status).toBe(500)
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).toEqual([])
  })
})
