import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Admission, Call, Refusal, Verdict } from '../../../src/admission/admission.js'
import { call, codeOf, open, startGate, startUpstream, until } from '../harness.js'
import { UNSENT, watcher, watching } from './harness.js'

const REFUSAL: Refusal = {
  status: 429,
  code: 'budget_exceeded',
  title: 'Budget exceeded',
  detail: 'The budget of this month is spent.',
  retryAfterSeconds: 60,
  headers: { 'x-ratelimit-remaining': '0' },
}

const answering = (verdict: Verdict | undefined): Admission => ({ name: 'answering', admit: () => verdict })

describe('an admission', () => {
  it('sees who calls and for what, and no credential', async () => {
    const upstream = await startUpstream()
    const calls: Call[] = []
    const seeing: Admission = {
      name: 'seeing',
      admit(seen) {
        calls.push(seen)
        return undefined
      },
    }
    const { port } = await startGate({ upstream: { url: upstream.url }, admissions: [seeing] })
    const headers = {
      authorization: 'Bearer s3cret',
      cookie: 'a=s3cret',
      'X-Api-Key': 's3cret',
      'X-Team': 'red',
    }
    await call(port, { path: '/v1/models?a=b', headers })
    expect(calls).toMatchObject([
      {
        identity: { accountId: 'anna@example.com' },
        method: 'GET',
        path: '/v1/models',
        query: 'a=b',
        isWebSocket: false,
        headers: { 'x-team': 'red' },
        body: { state: 'unasked' },
      },
    ])
    expect(JSON.stringify(calls[0]?.headers)).not.toContain('s3cret')
  })

  it('refuses in its own words, with its own headers, and no upstream hears of it', async () => {
    const upstream = await startUpstream()
    const { port } = await startGate({
      upstream: { url: upstream.url },
      admissions: [answering({ refuse: REFUSAL })],
    })
    const answer = await call(port, { method: 'POST', path: '/a', body: '{}' })
    expect([answer.status, answer.headers['retry-after'], answer.headers['x-ratelimit-remaining']]).toEqual([
      429,
      '60',
      '0',
    ])
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'budget_exceeded', detail: REFUSAL.detail })
    expect(upstream.received).toHaveLength(0)
  })

  it('refuses in the form that the path’s clients expect', async () => {
    const { url } = await startUpstream()
    const { port } = await startGate(
      { upstream: { url }, admissions: [answering({ refuse: REFUSAL })] },
      { gate: { problems: [({ code }) => ({ contentType: 'text/plain', body: `error: ${code}` })] } },
    )
    const answer = await call(port, { path: '/a' })
    expect([answer.headers['content-type'], answer.text]).toEqual(['text/plain', 'error: budget_exceeded'])
  })

  it('sets and removes headers of the request in every spelling', async () => {
    const upstream = await startUpstream()
    const edits = {
      'x-team': 'blue',
      'Accept-Encoding': 'identity',
      'user-agent': null,
      'x-portcullis-email': null,
    }
    const { port } = await startGate({
      upstream: { url: upstream.url },
      admissions: [answering({ requestHeaders: edits })],
    })
    await call(port, { path: '/a', headers: { X_Team: 'red', 'user-agent': 'me', 'accept-encoding': 'br' } })
    const [received] = upstream.received
    expect(received?.headers).toMatchObject({ 'x-team': 'blue', 'accept-encoding': 'identity' })
    expect(Object.keys(received?.headers ?? {})).not.toContain('x_team')
    expect(Object.keys(received?.headers ?? {})).not.toContain('user-agent')
    expect(Object.keys(received?.headers ?? {})).not.toContain('x-portcullis-email')
  })

  it('chooses an upstream by name, of its own or of the forwarder, and the last choice counts', async () => {
    const [first, second, third] = await Promise.all([startUpstream(), startUpstream(), startUpstream()])
    const choosing = (name: string): Admission => ({
      name: `choosing ${name}`,
      upstreams: { own: { url: third.url, headers: { authorization: 'Bearer third' } } },
      admit: ({ path }) => (path === `/${name}` || path === '/both' ? { upstream: name } : undefined),
    })
    const { port } = await startGate({
      upstream: (path) => (path === '/none' ? undefined : { url: first.url }),
      namedUpstreams: { shared: { url: second.url } },
      admissions: [choosing('shared'), choosing('own')],
    })
    for (const path of ['/default', '/shared', '/own', '/both']) await call(port, { path })
    expect((await call(port, { path: '/none' })).status).toBe(404)
    expect([first, second, third].map(({ received }) => received.map(({ target }) => target))).toEqual([
      ['/default'],
      ['/shared'],
      ['/own', '/both'],
    ])
    expect(third.received[0]?.headers.authorization).toBe('Bearer third')
  })

  it('is asked after those of the gate, in order, until one refuses', async () => {
    const { url } = await startUpstream()
    const asked: string[] = []
    const noting = (name: string, verdict?: Verdict): Admission => ({
      name,
      async admit() {
        asked.push(name)
        return verdict
      },
    })
    const { port } = await startGate(
      { upstream: { url }, admissions: [noting('c', { refuse: REFUSAL }), noting('d')] },
      { gate: { admissions: [noting('a'), noting('b')] } },
    )
    await call(port, { path: '/a' })
    expect(asked).toEqual(['a', 'b', 'c'])
  })

  it('that refuses before the body is asked for has none of it read', async () => {
    const { url } = await startUpstream()
    const bodies: unknown[] = []
    const reading: Admission = {
      name: 'reading',
      readBody: () => ({ members: ['model'] }),
      admit: ({ body }) => void bodies.push(body),
    }
    const { port } = await startGate({
      upstream: { url },
      admissions: [answering({ refuse: REFUSAL }), reading],
    })
    const outgoing = open(port, {
      method: 'POST',
      path: '/a',
      headers: { 'content-type': 'application/json', 'content-length': 1_000 },
    }).on('error', () => {})
    outgoing.flushHeaders()
    const [response] = await once(outgoing, 'response')
    expect([response.statusCode, bodies]).toEqual([429, []])
    outgoing.destroy()
  })
})

describe('an admission that fails', () => {
  const failing: [string, Admission['admit']][] = [
    [
      'throws',
      () => {
        throw new Error('inside')
      },
    ],
    ['rejects', () => Promise.reject(new Error('inside'))],
    ['never answers', () => new Promise(() => {})],
    ['answers text', () => 'yes' as never],
    ['refuses with success', () => ({ refuse: { ...REFUSAL, status: 200 } })],
    [
      'refuses with a header of the connection',
      () => ({ refuse: { ...REFUSAL, headers: { 'content-length': '1' } } }),
    ],
    ['sets a header that splits the request', () => ({ requestHeaders: { 'x-a': 'b\r\nx-c: d' } })],
    ['sets the length', () => ({ requestHeaders: { Content_Length: '1' } })],
    ['chooses an upstream that nobody knows', () => ({ upstream: 'toString' })],
  ]

  it.each(failing)('for it %s: 503, reported, and no upstream hears of it', async (_, admit) => {
    const upstream = await startUpstream()
    const before = watcher()
    const { port, events, running } = await startGate({
      upstream: { url: upstream.url },
      admissions: [watching(before), { name: 'failing', admit }],
      admissionTimeoutMs: 30,
    })
    const answer = await call(port, { path: '/a' })
    expect([answer.status, codeOf(answer), answer.headers['retry-after']]).toEqual([
      503,
      'admission_unavailable',
      '1',
    ])
    expect(answer.text).not.toContain('inside')
    expect(events.map(({ code }) => code)).toEqual(['admission_failed'])
    expect(events[0]?.detail).toContain('failing')
    expect(upstream.received).toHaveLength(0)
    expect(before.ends).toEqual([['cut', UNSENT]])
    await until(() => running() === 0)
  })

  it('at what it wants of the body fails as well', async () => {
    const { url } = await startUpstream()
    const wishes = [
      () => {
        throw new Error('inside')
      },
      () => ({ members: 'model' }) as never,
      () => ({ members: ['model'], holdBytesAtMost: 0 }),
    ]
    for (const readBody of wishes) {
      const { port, events } = await startGate({
        upstream: { url },
        admissions: [{ name: 'failing', readBody, admit: () => undefined }],
      })
      expect((await call(port, { path: '/a' })).status).toBe(503)
      expect(events.map(({ code }) => code)).toEqual(['admission_failed'])
    }
  })

  it('is told that nobody waits any more', async () => {
    const { url } = await startUpstream()
    let signal: AbortSignal | undefined
    const slow: Admission = {
      name: 'slow',
      admit(asked) {
        signal = asked.signal
        return new Promise(() => {})
      },
    }
    const { port } = await startGate({ upstream: { url }, admissions: [slow], admissionTimeoutMs: 20 })
    await call(port, { path: '/a' })
    expect(signal?.aborted).toBe(true)
  })
})

describe('a reservation is released once', () => {
  /** An admission that waits until it is told to go on, and then brings an observer. */
  function deciding() {
    const seen = watcher()
    const waiting: (() => void)[] = []
    const admission: Admission = {
      name: 'deciding',
      admit: () =>
        new Promise((resolve) => {
          waiting.push(() => resolve({ observer: seen.observer }))
        }),
    }
    return { seen, waiting, admission }
  }

  it.each(['without', 'with'])('when the client leaves while somebody decides (%s a body)', async (body) => {
    const upstream = await startUpstream()
    const before = watcher()
    const { seen, waiting, admission } = deciding()
    const { port, running } = await startGate({
      upstream: { url: upstream.url },
      admissions: [watching(before), { ...admission, readBody: () => ({ members: ['model'] }) }],
    })
    const headers = body === 'with' ? { 'content-type': 'application/json' } : {}
    const outgoing = open(port, { method: 'POST', path: '/a', headers }).on('error', () => {})
    outgoing.end(body === 'with' ? '{"model":"m"}' : undefined)
    await until(() => waiting.length === 1)
    outgoing.destroy()
    await until(() => running() === 0, 1_000)
    expect(before.ends).toEqual([['client_gone', UNSENT]])
    for (const goOn of waiting) goOn()
    await until(() => seen.ends.length === 1)
    expect([seen.ends, before.ends.length, upstream.received]).toEqual([[['client_gone', UNSENT]], 1, []])
  })

  it('when the verdict comes after its deadline', async () => {
    const { url } = await startUpstream()
    const { seen, waiting, admission } = deciding()
    const { port } = await startGate({ upstream: { url }, admissions: [admission], admissionTimeoutMs: 20 })
    expect((await call(port, { path: '/a' })).status).toBe(503)
    for (const goOn of waiting) goOn()
    await until(() => seen.ends.length === 1)
    expect(seen.ends).toEqual([['cut', UNSENT]])
  })

  it('when another admission refuses', async () => {
    const { url } = await startUpstream()
    const before = watcher()
    const { port } = await startGate({
      upstream: { url },
      admissions: [watching(before), answering({ refuse: REFUSAL })],
    })
    await call(port, { path: '/a' })
    expect([before.ends, before.heads]).toEqual([[['cut', UNSENT]], []])
  })

  it('when access ends while somebody decides', async () => {
    const { url } = await startUpstream()
    const { seen, waiting, admission } = deciding()
    let isAllowed = true
    const { port } = await startGate(
      { upstream: { url }, admissions: [admission], recheckEveryMs: 10 },
      { gate: { stillAllowed: async () => isAllowed } },
    )
    const answered = call(port, { path: '/a' })
    await until(() => waiting.length === 1)
    isAllowed = false
    expect(codeOf(await answered)).toBe('access_withdrawn')
    for (const goOn of waiting) goOn()
    await until(() => seen.ends.length === 1)
    expect(seen.ends).toEqual([['cut', UNSENT]])
  })

  it('when the forwarder closes while somebody decides', async () => {
    const { url } = await startUpstream()
    const { seen, waiting, admission } = deciding()
    const { port, forwarder } = await startGate({ upstream: { url }, admissions: [admission] })
    const answered = call(port, { path: '/a' })
    await until(() => waiting.length === 1)
    await forwarder.close()
    expect((await answered).status).toBe(502)
    for (const goOn of waiting) goOn()
    await until(() => seen.ends.length === 1)
    expect(seen.ends).toEqual([['cut', UNSENT]])
  })

  it('when there is no upstream for the call', async () => {
    const seen = watcher()
    const { port } = await startGate({ upstream: () => undefined, admissions: [watching(seen)] })
    expect((await call(port, { path: '/a' })).status).toBe(404)
    expect(seen.ends).toEqual([['cut', UNSENT]])
  })

  it('when the client sends no more of its body', async () => {
    const { url } = await startUpstream()
    const before = watcher()
    const reading: Admission = {
      name: 'reading',
      readBody: () => ({ members: ['a'] }),
      admit: () => undefined,
    }
    const { port } = await startGate({
      upstream: { url },
      admissions: [watching(before), reading],
      idleTimeoutMs: 30,
    })
    const headers = { 'content-type': 'application/json', 'content-length': 100 }
    const outgoing = open(port, { method: 'POST', path: '/a', headers }).on('error', () => {})
    outgoing.write('{')
    const [response] = await once(outgoing, 'response')
    expect([response.statusCode, before.ends]).toEqual([408, [['cut', UNSENT]]])
    outgoing.destroy()
  })
})
