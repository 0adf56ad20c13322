import { spawn } from 'node:child_process'
import { createServer, get, type IncomingMessage, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { neverLog, pathOf, redactText } from '../src/logging/redact.js'
import { createLogger, requestLogging } from '../src/logging.js'
import { freePort, kill } from './process-fixture.js'

const CANARY = 'c4n4ry'
const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ${CANARY}.sig${CANARY}`

let lines: string[]
const destination = { write: (line: string) => void lines.push(line) }
const logger = createLogger('trace', destination)
const logged = (): Record<string, unknown>[] =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>)

beforeEach(() => {
  lines = []
})

describe('a line of the log', () => {
  it('is one JSON object with the time, the level by name, and what was said', () => {
    logger.warn({ port: 8080 }, 'listening on %s port %d', '::1', 8080)
    expect(logged()).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        port: 8080,
        msg: 'listening on ::1 port 8080',
      },
    ])
  })

  it('is left out below the level', () => {
    createLogger('warn', destination).info('quiet')
    createLogger('silent', destination).fatal('quiet')
    expect(lines).toEqual([])
  })

  it('keeps what operators need: counts of tokens, ids, codes', () => {
    const fields = {
      input_tokens: 12,
      token_id: 'abc',
      token_name: 'laptop',
      code: 'store_unavailable',
      account: 'a@b.c',
      ok: true,
      none: null,
    }
    logger.info({ ...fields, credential: { kind: 'token', id: 'jti-1' } }, 'minted')
    expect(logged()[0]).toMatchObject({ ...fields, credential: { kind: 'token', id: 'jti-1' } })
  })
})

describe('a credential never shows up', () => {
  const NAMES = [
    'authorization',
    'Authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'setCookie',
    'x-api-key',
    'apiKey',
    'api_key',
    'OPENAI_API_KEY',
    'password',
    'DEMO_PASSWORD',
    'secret',
    'clientSecret',
    'client_secret',
    'SESSION_SECRET',
    'token',
    'accessToken',
    'access_token',
    'refresh_token',
    'id_token',
    'id_token_hint',
    'tokens',
    'private_key',
    'privateKey',
    'code_verifier',
    'codeVerifier',
    'credentials',
    'credential',
    'session_id',
    'headers',
    'rawHeaders',
    'query',
    'x-auth-token',
    'passphrase',
  ]

  it.each(NAMES)('in a field named %s, at any depth, in a list, or in what a logger is bound to', (name) => {
    logger.info({ [name]: CANARY })
    logger.info({ one: { two: [{ [name]: CANARY }] } })
    logger.info({ map: new Map([[name, CANARY]]) })
    logger.info({ [name]: [CANARY] })
    logger.child({ [name]: CANARY }).info('bound')
    logger.error(Object.assign(new Error('failed'), { [name]: CANARY }))
    expect(lines).toHaveLength(6)
    expect(lines.join()).not.toContain(CANARY)
  })

  it.each([
    `Bearer ${CANARY}.token`,
    `authorization: Basic dXNlcjpwYXNz${CANARY}=`,
    `Cookie: a=b; __Host-session=${CANARY}`,
    `x-api-key: ${CANARY}`,
    `key sk-ant-${CANARY}-123 is wrong`,
    `token ${JWT} is wrong`,
    `https://user:${CANARY}@llm.example.com/v1`,
    `redis://:${CANARY}@localhost:6379`,
    `https://gate.example.com/oauth2/callback?code=${CANARY}&state=${CANARY}`,
    `https://gate.example.com/x#id_token=${CANARY}`,
    `GET /oauth2/callback?code=${CANARY}&state=${CANARY} failed`,
    `/v1/models?access_token=${CANARY}`,
    `/v1/x;token=${CANARY}`,
    `client_secret=${CANARY}&grant_type=authorization_code`,
    `password=${CANARY}`,
    `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----`,
    `-----BEGIN EC PRIVATE KEY-----\n${CANARY}`,
  ])('in text such as %j', (text) => {
    logger.info(text)
    logger.info('%s', text)
    logger.info({ detail: text }, 'detail')
    logger.info({ deep: [{ detail: text }] })
    logger.child({ detail: text }).info('bound')
    logger.error(new Error(text))
    logger.error({ err: new Error('outer', { cause: new TypeError(text) }) })
    logger.error({ err: new Error(text) })
    logger.info({ [text]: 1 })
    expect(lines).toHaveLength(9)
    expect(lines.join()).not.toContain(CANARY)
  })

  const ENCODE = (text: string) =>
    [...text].map((letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
  const KEY = `pk_AAAABBBBCCCC${CANARY}DDDDEEEE`

  it.each([
    `/v1/x${JWT}`,
    `/v1/${encodeURIComponent(JWT).replaceAll('.', '%2e')}`,
    `/v1/${ENCODE(JWT)}`,
    `/v1/${encodeURIComponent(ENCODE(JWT))}`,
    `/v1/${KEY}`,
    `/v1/${ENCODE(KEY)}`,
    `/v1/${encodeURIComponent(ENCODE(KEY))}`,
    `/v1/${KEY.replace(CANARY, `.${CANARY}`)}`,
    `/v1/${KEY.replace(CANARY, `~${CANARY}`)}`,
    `/v1/${'x'.repeat(470)}${KEY}`,
  ])('in a path such as %j, as it is or decoded', (target) => {
    expect(decodeURIComponent(decodeURIComponent(pathOf(target)))).not.toContain(CANARY)
  })

  it('that this process has itself, in whatever text, encoded or cut', () => {
    const secret = `Xq7/+${CANARY}+Zt2WmX9cVb4NkL8pRj3GhD`
    neverLog([secret, undefined, 'short'])
    for (const text of [secret, `/a/${secret}/b`, encodeURIComponent(secret), ENCODE(secret)])
      expect(decodeURIComponent(redactText(text))).not.toContain(CANARY)
    expect(redactText(`${'y'.repeat(3_985)}${secret}`)).not.toContain(CANARY)
    expect(redactText('a short word')).toBe('a short word')
  })

  it.each(['eyJ', '%25', '%2525', 'pk_', '%70%6b%5f', 'eyJaaaa.', 'https://'])(
    'whatever repeats %j is read in bounded time',
    (part) => {
      const began = performance.now()
      redactText(part.repeat(200_000))
      expect(performance.now() - began).toBeLessThan(1000)
    },
  )

  it('and words with percent signs stay as they are', () => {
    expect(pathOf('/v1/files/a%20b%2Fc.txt')).toBe('/v1/files/a%20b%2Fc.txt')
  })

  it('in a template whose value is formatted in', () => {
    logger.info('password=%s', CANARY)
    logger.info('sent %j', { authorization: CANARY })
    logger.info('sent %o', { nested: { cookie: CANARY } })
    expect(lines.join()).not.toContain(CANARY)
  })

  it('in URLs, headers, requests and buffers that are logged as they are', () => {
    logger.info({
      url: new URL(`https://a:${CANARY}@b.c/d?e=${CANARY}`),
      sent: new Headers({ cookie: CANARY }),
    })
    logger.info({ params: new URLSearchParams({ code: CANARY }), bytes: Buffer.from(CANARY) })
    logger.info({
      request: new Request(`https://b.c/d?token=${CANARY}`, { headers: { authorization: CANARY } }),
    })
    logger.info({ response: new Response(CANARY, { headers: { 'set-cookie': CANARY } }) })
    expect(lines.join()).not.toContain(CANARY)
    expect(logged()[2]).toMatchObject({ request: { method: 'GET', url: 'https://b.c/d' } })
  })

  it('in errors of a Redis client, which keep the whole command and quote what Redis quotes of it', async () => {
    const port = await freePort()
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir()]
    const server = spawn(process.env.REDIS_SERVER_PATH ?? 'redis-server', options, { stdio: 'ignore' })
    const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 })
    redis.on('error', () => {})
    try {
      await redis.set('key', 'text')
      for (const failing of [redis.hset('key', 'ada@example.com', CANARY), redis.call('NONSENSE', CANARY)]) {
        const err = await failing.catch((cause: unknown) => cause)
        logger.error({ err: new Error('The store failed', { cause: err }) }, 'failed')
        logger.error({ err }, 'failed')
      }
    } finally {
      redis.disconnect()
      await kill(server)
    }
    expect(lines.join()).toMatch(/WRONGTYPE[\s\S]*unknown command/)
    expect(lines.join()).not.toMatch(new RegExp(`${CANARY}|ada@example`))
  })

  it('and the fields of an error that tell what happened stay', () => {
    const cause = Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' })
    logger.error({ err: new RangeError('no store', { cause }) }, 'unavailable')
    expect(logged()[0]).toMatchObject({
      msg: 'unavailable',
      err: {
        type: 'RangeError',
        message: 'no store',
        stack: expect.stringContaining('logging.test'),
        cause: { code: 'ECONNREFUSED' },
      },
    })
    logger.error(new Error('alone'))
    expect(logged()[1]).toMatchObject({ msg: 'alone', err: { message: 'alone' } })
  })

  it('and whatever is logged, each line is one JSON object', () => {
    const loop: Record<string, unknown> = { name: 'loop' }
    loop.self = loop
    logger.info(loop)
    expect(logged()[0]).toMatchObject({ name: 'loop', self: '[…]' })
    fc.assert(
      fc.property(
        fc.object({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        fc.string(),
        (fields, text) => {
          lines = []
          logger.info(fields, text)
          expect(logged()).toHaveLength(1)
          expect(lines[0]?.endsWith('\n') && lines[0].split('\n').length === 2).toBe(true)
        },
      ),
    )
  })

  it('and text of an attacker takes no time to search', () => {
    for (const unit of [
      'a-',
      'eyJ',
      'a.',
      'token=',
      'http://',
      'bearer ',
      '-----BEGIN PRIVATE KEY-----',
      'a:',
      '"',
      'sk-',
    ]) {
      const text = unit.repeat(20_000)
      const before = process.cpuUsage()
      redactText(text)
      // Of the processor, not of the clock: another process may run meanwhile. What looks back takes seconds and more.
      expect(process.cpuUsage(before).user / 1000, unit).toBeLessThan(500)
    }
  })
})

describe('the path of a request target', () => {
  it.each([
    ['/v1/messages', '/v1/messages'],
    [`/oauth2/callback?code=${CANARY}&state=${CANARY}`, '/oauth2/callback'],
    [`/x#${CANARY}`, '/x'],
    [`/x?a=b#${CANARY}`, '/x'],
    [`http://user:${CANARY}@gate.test/v1/models?key=${CANARY}`, '/v1/models'],
    ['*', '*'],
    [`/v1/${JWT}`, '/v1/[redacted]'],
    [undefined, ''],
  ])('%j is %j', (target, path) => {
    expect(pathOf(target)).toBe(path)
  })

  it('is bounded', () => {
    expect(pathOf(`/${'a'.repeat(10_000)}`).length).toBeLessThan(600)
  })
})

describe('the request log', () => {
  let server: Server
  let port: number

  const serve = async (
    answer: Parameters<typeof createServer>[1],
    describeCaller?: (req: IncomingMessage) => object,
  ) => {
    const log = requestLogging(logger, describeCaller as Parameters<typeof requestLogging>[1])
    server = createServer((req, res) => log(req, res, () => answer?.(req, res)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const call = (path: string, headers: Record<string, string> = {}) =>
    new Promise<void>((resolve, reject) => {
      get({ port, host: '127.0.0.1', path, headers, agent: false }, (res) =>
        res.resume().once('close', resolve),
      ).once('error', reject)
    })

  it('has one line for each request: method, path, status, duration, and what the gateway adds', async () => {
    await serve(
      (_, res) => res.writeHead(204).end(),
      () => ({ account: 'ada@example.com' }),
    )
    await call('/api/token/list?limit=5')
    await vi.waitFor(() => expect(lines).toHaveLength(1))
    expect(logged()[0]).toEqual({
      level: 'info',
      time: expect.any(String),
      method: 'GET',
      path: '/api/token/list',
      status: 204,
      duration_ms: expect.any(Number),
      account: 'ada@example.com',
      msg: 'request',
    })
  })

  it('shows none of the secrets planted in every header and every part of the URL', async () => {
    await serve((_, res) => {
      res.setHeader('set-cookie', [`session=${CANARY}`, `other=${CANARY}`])
      res.setHeader('location', `/x?code=${CANARY}`)
      res.writeHead(302, { 'www-authenticate': CANARY }).end(CANARY)
    })
    const names = [
      'authorization',
      'proxy-authorization',
      'cookie',
      'x-api-key',
      'api-key',
      'x-auth-token',
      'x-portcullis-email',
      'referer',
      'user-agent',
      'x-forwarded-for',
      'origin',
    ]
    const headers = Object.fromEntries(names.map((name) => [name, CANARY]))
    const targets = [
      `/oauth2/callback?code=${CANARY}&state=${CANARY}&iss=${CANARY}`,
      `/?${CANARY}`,
      `/v1/models?anything=${CANARY}`,
      `/v1/models;jsessionid;token=${CANARY}`,
      `/v1/${JWT}`,
      `http://user:${CANARY}@gate.test/v1/models?${CANARY}`,
    ]
    for (const target of targets) await call(target, headers)
    await vi.waitFor(() => expect(lines).toHaveLength(targets.length))
    expect(lines.join()).not.toContain(CANARY)
  })

  it('warns of failures of the gateway, and lowers its voice for probes', async () => {
    await serve((req, res) => res.writeHead(req.url === '/fails' ? 503 : 200).end())
    for (const path of ['/fails', '/health', '/ready']) await call(path)
    await vi.waitFor(() => expect(lines).toHaveLength(3))
    expect(logged().map(({ level }) => level)).toEqual(['warn', 'debug', 'debug'])
  })

  it('tells a client that left from an answer that was sent', async () => {
    await serve((_, res) => void res.write('partly'))
    const client = request({ port, host: '127.0.0.1' }, (res) => res.once('data', () => client.destroy()))
    client.once('error', () => {})
    client.end()
    await vi.waitFor(() => expect(logged()[0]).toMatchObject({ status: 200, aborted: true }))
  })

  it('has no status for a request that was never answered', async () => {
    await serve(() => {})
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n'))
    await vi.waitFor(async () => {
      expect(await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(1)
    })
    setTimeout(() => socket.destroy(), 50)
    await vi.waitFor(() => expect(logged()[0]).toMatchObject({ path: '/slow', aborted: true }))
    expect(logged()[0]).not.toHaveProperty('status')
  })

  it('keeps the path that was asked for when a router rewrites it', async () => {
    await serve((req, res) => {
      req.url = '/rewritten'
      res.end()
    })
    await call('/asked/for')
    await vi.waitFor(() => expect(logged()[0]).toMatchObject({ path: '/asked/for' }))
  })

  it.each(['pk_', 'pk%5F', '%70%6B_'])(
    'shows of an API key in the path, spelled %s…, its id alone',
    async (prefix) => {
      const key = `${prefix}AbCd-_012345${'p'.repeat(22)}${'s'.repeat(43)}`
      await serve((_, res) => void res.end())
      await call(`/v1/${key}/chat`)
      await call(`/${'a'.repeat(150)}${key}`)
      await vi.waitFor(() => expect(logged()).toHaveLength(2))
      expect(lines.join()).toContain('AbCd-_012345[redacted]/chat')
      expect(lines.join()).not.toMatch(/pppp|ssss/)
    },
  )
})
