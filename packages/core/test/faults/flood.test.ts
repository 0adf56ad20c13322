import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { listener } from '../../src/http/index.js'
import { createGate, type Gate, type GateEvent, type Store } from '../../src/index.js'
import { lmdbStore } from '../../src/lmdb/index.js'
import { redisStore } from '../../src/redis/index.js'
import { SECRET, SIGNING_SECRET, withFaults } from '../gate-fixture.js'
import { MASTER_KEY } from '../http/http-fixture.js'
import { startRedis } from '../redis/redis-server.js'

const CLIENTS = fileURLToPath(new URL('strangers.mjs', import.meta.url))
const STRANGERS = 150
const HANG_UP_MS = 60
const PROMISED_MS = 1500
/** Partitions of counters, by a hash of the address. */
const COUNTERS = 16
const PROMISED_MEMORY = 300 * 1024 * 1024
const FORM = 'content-type: application/x-www-form-urlencoded\r\n'
const JUNK = 'x'.repeat(43)

/** Every public route that a stranger can send something to; device authorizations are limited and expire. */
const ROUTES: readonly [name: string, request: string][] = [
  ['a callback', get('/oauth2/callback?state=x')],
  ['a login', get('/oauth2/start')],
  [
    'a logout',
    get('/oauth2/sign_out', `cookie: __Host-portcullis_session=${JUNK}.${JUNK}\r\nsec-fetch-site: none\r\n`),
  ],
  ['an invented session', get('/api/token/list', `cookie: portcullis_session=${JUNK}.${JUNK}\r\n`)],
  ['an invented token', get('/api/token/list', `authorization: Bearer ${JUNK}\r\n`)],
  ['an invented API key', get('/v1/models', `x-api-key: pk_${JUNK}\r\n`)],
  [
    'a guessed code',
    post(
      '/oauth2/token',
      `grant_type=authorization_code&client_id=portcullis-cli&code=${JUNK}&code_verifier=${JUNK}`,
    ),
  ],
  [
    'a guessed device code',
    post(
      '/oauth2/token',
      `grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=portcullis-cli&device_code=${JUNK}`,
    ),
  ],
  [
    'a guessed refresh token',
    post('/oauth2/token', `grant_type=refresh_token&client_id=portcullis-cli&refresh_token=${JUNK}`),
  ],
  [
    'a client that nobody knows',
    post('/oauth2/token', 'grant_type=refresh_token&client_id=x&client_secret=y&refresh_token=z'),
  ],
  ['an introspection', post('/oauth2/introspect', `token=${JUNK}&client_id=portcullis-cli`)],
  ['a revocation', post('/oauth2/revoke', `token=${JUNK}&client_id=portcullis-cli`)],
  ['a back-channel logout', post('/oauth2/backchannel-logout', `logout_token=${JUNK}`)],
  ['the directory with a wrong secret', get('/scim/v2/Users', `authorization: Bearer ${JUNK}\r\n`)],
]

function get(target: string, headers = ''): string {
  return `GET ${target} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`
}

function post(target: string, body: string): string {
  return `POST ${target} HTTP/1.1\r\nhost: localhost\r\n${FORM}content-length: ${body.length}\r\n\r\n${body}`
}

const releases: (() => unknown)[] = []

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

async function onLmdb(): Promise<Store> {
  const directory = await mkdtemp(path.join(tmpdir(), 'portcullis-flood-'))
  releases.push(() => rm(directory, { recursive: true }))
  return lmdbStore({ path: directory })
}

async function onRedis(): Promise<Store> {
  const server = await startRedis()
  releases.push(() => server.stop())
  return redisStore({ url: server.url })
}

/** A gate behind a real server, which keeps count of what is written to its store. */
async function serve(inner: Store) {
  const written: string[] = []
  const events: GateEvent[] = []
  const counted: Store = {
    ...withFaults(inner, {
      commit(partition, batch) {
        written.push(partition)
        return inner.commit(partition, batch)
      },
    }),
    ...(inner.watch && { watch: inner.watch.bind(inner) }),
  }
  const gate = await createGate({
    store: counted,
    publicUrl: 'http://localhost',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    masterKey: MASTER_KEY,
    scim: { secret: 'Zt5RkQ8wNc2YhV7mXb4LpJ9sDf6GaEu3' },
    identityProvider: {
      issuer: 'https://idp.test',
      begin: async ({ state }) => new URL(`https://idp.test/auth?state=${state}`),
      complete: () => Promise.reject(new Error('not asked')),
      logoutUrl: async () => undefined,
      ready: async () => true,
    },
    onEvent: (event) => events.push(event),
  })
  const server: Server = createServer(listener(gate, (_req, res) => res.end()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  releases.push(async () => {
    server.closeAllConnections()
    server.close()
    await gate.close()
  })
  return { gate, written, events, port: (server.address() as AddressInfo).port }
}

/** Answers how many requests were sent, once it is told to stop. */
async function flood(port: number, request: string): Promise<() => Promise<number>> {
  const child = fork(CLIENTS, [String(port), String(STRANGERS), String(HANG_UP_MS), request])
  await once(child, 'message')
  releases.push(() => child.kill('SIGKILL'))
  return async () => {
    child.send('stop')
    const [sent] = await once(child, 'message')
    return Number(sent)
  }
}

async function ban(port: number, account: string) {
  const began = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}/api/admin/sessions/revoke-user`, {
    method: 'POST',
    headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ user_email: account }),
  })
  await response.arrayBuffer()
  return { status: response.status, took: performance.now() - began }
}

/** Routes are loaded with the first request, here from sources that have to be translated first. */
async function warmUp(port: number, request: string): Promise<void> {
  for (let times = 0; times < 30; times++) {
    const socket = connect(port, '127.0.0.1')
    socket.write(request)
    await once(socket, 'data')
    socket.destroy()
  }
}

/** What the limits count in, and what else was written. */
function partitioned(partitions: readonly string[]): [counters: string[], records: string[]] {
  const isCounter = (partition: string) => partition.startsWith('rate-limits')
  return [partitions.filter(isCounter), partitions.filter((partition) => !isCounter(partition))]
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

async function entriesOf(gate: Gate): Promise<string[]> {
  const { items } = await gate.audit.list({ limit: 200 })
  return items.map(({ action }) => action)
}

describe.each([
  ['LMDB', onLmdb],
  ['Redis', onRedis],
] as const)('a flood of strangers who hang up, on %s', (_, open) => {
  it.each(ROUTES)('leaves a ban at once, and no record: %s', async (_name, request) => {
    const { gate, written, events, port } = await serve(await open())
    await warmUp(port, request)
    const memory = process.memoryUsage().rss
    const before = written.length
    const stop = await flood(port, request)
    await pause(1500)
    const bans = [await ban(port, 'one@example.com'), await ban(port, 'two@example.com')]
    const sent = await stop()
    expect(sent).toBeGreaterThan(STRANGERS)
    for (const { status, took } of bans) {
      expect(status).toBe(200)
      expect(took).toBeLessThan(PROMISED_MS)
    }
    expect(await entriesOf(gate)).toEqual(['account.ban', 'account.ban'])
    // What a ban writes: its audit entry, its place in the list, and the standing. Strangers leave counters that expire.
    const [counters, records] = partitioned(written.slice(before))
    expect(records).toHaveLength(6)
    expect(new Set(counters).size).toBeLessThanOrEqual(COUNTERS)
    expect(events.filter(({ level }) => level !== 'info').length).toBeLessThan(50)
    expect(process.memoryUsage().rss - memory).toBeLessThan(PROMISED_MEMORY)
  })
})
