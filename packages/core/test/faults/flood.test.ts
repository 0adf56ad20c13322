import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MASTER_KEY } from '../http/http-fixture.js'
import { startRedis } from '../redis/redis-server.js'
import type { FloodReport } from './flood-server.fixture.js'

const SERVER = fileURLToPath(new URL('../../node_modules/.cache/flood-server.mjs', import.meta.url))
const CLIENTS = fileURLToPath(new URL('strangers.mjs', import.meta.url))
const ACCOUNTS = ['one@example.com', 'two@example.com', 'three@example.com']
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
  ['sixty callbacks in one write', get('/oauth2/callback?state=x').repeat(60)],
  ['sixty invented tokens in one write', get('/v1/models', `authorization: Bearer ${JUNK}\r\n`).repeat(60)],
  [
    'sixty guessed refresh tokens in one write',
    post('/oauth2/token', `grant_type=refresh_token&client_id=portcullis-cli&refresh_token=${JUNK}`).repeat(
      60,
    ),
  ],
]

function get(target: string, headers = ''): string {
  return `GET ${target} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`
}

function post(target: string, body: string): string {
  return `POST ${target} HTTP/1.1\r\nhost: localhost\r\n${FORM}content-length: ${body.length}\r\n\r\n${body}`
}

const releases: (() => unknown)[] = []

beforeAll(() =>
  build({
    entryPoints: [fileURLToPath(new URL('./flood-server.fixture.ts', import.meta.url))],
    outfile: SERVER,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    loader: { '.lua': 'text' },
  }),
)

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

async function onLmdb(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'portcullis-flood-'))
  releases.push(() => rm(directory, { recursive: true }))
  return directory
}

async function onRedis(): Promise<string> {
  const server = await startRedis()
  releases.push(() => server.stop())
  return server.url
}

/** A gate in a process of its own, as it is when nothing but strangers and an administrator ask it. */
async function serve(place: string) {
  const child = fork(SERVER, [place, MASTER_KEY])
  const exited = once(child, 'exit')
  releases.push(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const [port] = (await once(child, 'message')) as [number]
  const report = async () => {
    child.send('report')
    const [told] = (await once(child, 'message')) as [FloodReport]
    return told
  }
  return { port, report }
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

/** Routes are loaded with the first request. */
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

describe.each([
  ['LMDB', onLmdb],
  ['Redis', onRedis],
] as const)('a flood of strangers who hang up, on %s', (_, open) => {
  it.each(ROUTES)('leaves a ban at once, and no record: %s', { retry: 3 }, async (_name, request) => {
    const { port, report } = await serve(await open())
    await warmUp(port, request)
    const before = await report()
    const stop = await flood(port, request)
    await pause(400)
    const bans: Awaited<ReturnType<typeof ban>>[] = []
    for (const account of ACCOUNTS) bans.push(await ban(port, account))
    expect(await stop()).toBeGreaterThan(STRANGERS)
    expect(bans.map(({ status }) => status)).toEqual(ACCOUNTS.map(() => 200))
    // The middle one: what a single connection waits for to be accepted is the system's, and what else it has to do.
    expect(bans.map(({ took }) => took).sort((a, b) => a - b)[1]).toBeLessThan(PROMISED_MS)
    const after = await report()
    expect(after.actions).toEqual(ACCOUNTS.map(() => 'account.ban'))
    // What a ban writes: its audit entry, its place in the list, the standing, and, until it is pruned, that it is to be.
    // Strangers leave counters that expire.
    const [counters, records] = partitioned(after.written)
    expect(records.length).toBeLessThanOrEqual(5 * ACCOUNTS.length)
    expect(new Set(counters).size).toBeLessThanOrEqual(COUNTERS)
    expect(after.warnings).toBeLessThan(50)
    expect(after.rss - before.rss).toBeLessThan(PROMISED_MEMORY)
  })
})
