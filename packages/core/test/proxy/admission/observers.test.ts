import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Admission, GoOn, Observer } from '../../../src/admission/admission.js'
import { createForwarder } from '../../../src/proxy/forwarder.js'
import {
  ANNA,
  afterwards,
  call,
  codeOf,
  listen,
  open,
  startGate,
  startUpstream,
  stubGate,
  until,
} from '../harness.js'
import { SENT, type Seen, UNSENT, watcher, watching } from './harness.js'

async function startWatched(
  respond?: Parameters<typeof startUpstream>[0],
  more: Partial<Parameters<typeof startGate>[0]> = {},
  gate: Parameters<typeof startGate>[1] = {},
) {
  const upstream = await startUpstream(respond)
  const seen = watcher()
  const started = await startGate(
    { upstream: { url: upstream.url }, admissions: [watching(seen)], ...more },
    gate,
  )
  return { ...started, upstream, seen }
}

const text = (seen: Seen) => Buffer.concat(seen.chunks).toString()

describe('an observer', () => {
  it('is shown the head, each chunk and the end, in this order', async () => {
    const told: string[] = []
    const observer: Observer = {
      head: ({ status, headers }) => void told.push(`${status} ${String(headers['x-cost'])}`),
      chunk: (chunk) => void told.push(String(chunk)),
      end: (end) => void told.push(end),
    }
    const upstream = await startUpstream((_req, res) => {
      res.writeHead(201, { 'x-cost': '5' })
      res.write('one')
      setTimeout(() => res.end('two'), 20)
    })
    const { port, running } = await startGate({
      upstream: { url: upstream.url },
      admissions: [{ name: 'telling', admit: () => ({ observer }) }],
    })
    await call(port, { path: '/a' })
    await until(() => running() === 0)
    expect(told).toEqual(['201 5', 'one', 'two', 'finished'])
  })

  it.each([
    ['HEAD', 200],
    ['GET', 304],
    ['GET', 204],
  ])('is told of an answer without a body, too (%s %i)', async (method, status) => {
    const { port, running, seen } = await startWatched((_req, res) => res.writeHead(status).end())
    await call(port, { method, path: '/a' })
    await until(() => running() === 0)
    expect([seen.heads, seen.chunks, seen.ends]).toEqual([[status], [], [['finished', SENT]]])
  })

  it('is told that the client left, before and during the answer', async () => {
    for (const begin of [false, true]) {
      const { port, running, seen, upstream } = await startWatched((_req, res) => begin && res.write('x'))
      const outgoing = open(port, { path: '/a' }).on('error', () => {})
      outgoing.end()
      if (begin) await once(outgoing, 'response')
      await until(() => upstream.received.length === 1)
      outgoing.destroy()
      await until(() => running() === 0)
      expect([seen.heads.length, seen.ends]).toEqual([begin ? 1 : 0, [['client_gone', SENT]]])
    }
  })

  it('is told that the client takes no more of its answer', async () => {
    const { port, running, seen } = await startWatched(
      (_req, res) => {
        const fill = () => {
          while (!res.destroyed && res.write(Buffer.alloc(65_536)));
        }
        res.on('drain', fill)
        fill()
      },
      { idleTimeoutMs: 1_500 },
    )
    const outgoing = open(port, { path: '/a' }).on('error', () => {})
    outgoing.end()
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    response.on('error', () => {}).pause()
    await until(() => running() === 0)
    expect(seen.ends).toEqual([['client_gone', SENT]])
    outgoing.destroy()
  })

  it('is told that the upstream broke off, was silent, or refused the gate, and sees no answer of the gate', async () => {
    const failures: [Parameters<typeof startUpstream>[0], number[]][] = [
      [(req) => req.socket.destroy(), []],
      [
        (_req, res) => {
          res.write('half')
          setTimeout(() => res.destroy(), 20)
        },
        [200],
      ],
      [() => {}, []],
      [(_req, res) => res.writeHead(401).end('key?'), []],
    ]
    for (const [respond, heads] of failures) {
      const { port, running, seen } = await startWatched(respond, { responseTimeoutMs: 50 })
      await call(port, { method: 'POST', path: '/a' }).catch(() => {})
      await until(() => running() === 0)
      expect([seen.heads, seen.ends]).toEqual([heads, [['upstream_failed', SENT]]])
      expect(text(seen)).toBe(heads.length === 0 ? '' : 'half')
    }
  })

  it('is told that nothing was sent where no connection came about', async () => {
    const seen = watcher()
    const { port, running } = await startGate({
      upstream: { url: 'http://127.0.0.1:1' },
      admissions: [watching(seen)],
    })
    expect((await call(port, { path: '/a' })).status).toBe(502)
    await until(() => running() === 0)
    expect(seen.ends).toEqual([['upstream_failed', UNSENT]])
  })

  it.each([false, true])(
    'is told that access was withdrawn, or that the forwarder closed (closing: %s)',
    async (closes) => {
      let isAllowed = true
      const { port, seen, forwarder } = await startWatched(
        (_req, res) => res.write('x'),
        { recheckEveryMs: 10 },
        { gate: { stillAllowed: async () => isAllowed } },
      )
      const outgoing = open(port, { path: '/a' }).on('error', () => {})
      const [response] = (await once(outgoing.end(), 'response')) as [IncomingMessage]
      response.on('error', () => {}).resume()
      await until(() => seen.chunks.length === 1)
      if (closes) await forwarder.close()
      else isAllowed = false
      await until(() => seen.ends.length > 0)
      expect(seen.ends).toEqual([['cut', SENT]])
    },
  )

  it('is told once when the request is sent again on a new connection', async () => {
    let requests = 0
    const server = createServer((req, res) => {
      requests += 1
      if (requests === 2) req.socket.destroy()
      else res.end('ok')
    })
    const url = `http://127.0.0.1:${await listen(server)}`
    const seen = watcher()
    const { port, running } = await startGate({ upstream: { url }, admissions: [watching(seen)] })
    for (const path of ['/first', '/second']) {
      expect((await call(port, { path })).status).toBe(200)
      await until(() => running() === 0)
    }
    expect([requests, seen.heads, seen.ends]).toEqual([
      3,
      [200, 200],
      [
        ['finished', SENT],
        ['finished', SENT],
      ],
    ])
  })

  it('is told of an answer that comes before the body was read', async () => {
    const server = createServer((_req, res) => res.writeHead(413).end('too large'))
    const seen = watcher()
    const { port, running } = await startGate({
      upstream: { url: `http://127.0.0.1:${await listen(server)}` },
      admissions: [{ ...watching(seen), readBody: () => ({ members: ['model'] }) }],
    })
    const headers = { 'content-type': 'application/json', 'content-length': 1_000_000 }
    const outgoing = open(port, { method: 'POST', path: '/a', headers }).on('error', () => {})
    outgoing.write('{"model":"m","a":"')
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    response.resume()
    await until(() => running() === 0)
    expect([response.statusCode, seen.heads, text(seen), seen.ends]).toEqual([
      413,
      [413],
      'too large',
      [['finished', SENT]],
    ])
    outgoing.destroy()
  })

  it('is told for each of 20 requests in a row on one connection that their client leaves', async () => {
    const { port, running, seen, upstream } = await startWatched(() => {})
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    socket.write('GET /a HTTP/1.1\r\nHost: g\r\n\r\n'.repeat(20))
    await until(() => upstream.received.length === 20)
    socket.destroy()
    await until(() => running() === 0)
    expect(seen.ends).toEqual(Array.from({ length: 20 }, () => ['client_gone', SENT]))
  })
})

describe('an observer that fails', () => {
  const throwing = (): never => {
    throw new Error('inside')
  }

  it.each<[string, Partial<Observer>, boolean]>([
    ['at the head', { head: throwing }, false],
    ['at a chunk', { chunk: throwing }, false],
    ['at the end', { end: throwing }, true],
    ['later', { chunk: (() => Promise.reject(new Error('inside'))) as never }, false],
  ])('%s harms no stream, is reported once, and told its end', async (_, more, isEnd) => {
    const upstream = await startUpstream((_req, res) => {
      let left = 5
      const timer = setInterval(() => {
        res.write('x')
        left -= 1
        if (left > 0) return
        clearInterval(timer)
        res.end()
      }, 5)
    })
    const [failing, sound] = [watcher(more), watcher()]
    const { port, events, running } = await startGate({
      upstream: { url: upstream.url },
      admissions: [watching(failing, 'failing'), watching(sound)],
    })
    expect((await call(port, { path: '/a' })).text).toBe('xxxxx')
    await until(() => running() === 0)
    expect(events.map(({ code, detail }) => [code, detail.includes('failing')])).toEqual([
      ['observer_failed', true],
    ])
    if (!isEnd) expect(failing.ends).toEqual([['finished', { wasSent: true, sawAll: false }]])
    expect([text(sound), sound.ends]).toEqual(['xxxxx', [['finished', SENT]]])
  })

  it('by being slow is told nothing more, and what it is told has already reached the client', async () => {
    const SLOW_MS = 300
    const called: number[] = []
    const slow = watcher({
      chunk() {
        const begun = Date.now()
        called.push(begun)
        while (Date.now() - begun < SLOW_MS);
      },
    })
    const upstream = await startUpstream((_req, res) => {
      let left = 20
      const timer = setInterval(() => {
        res.write('x')
        left -= 1
        if (left > 0) return
        clearInterval(timer)
        res.end()
      }, 10)
    })
    const { port, events } = await startGate({
      upstream: { url: upstream.url },
      admissions: [watching(slow, 'slow')],
    })
    // In a thread of its own: this one is blocked.
    const client = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads')
      require('node:http').get({ host: '127.0.0.1', port: workerData, agent: false }, (response) => {
        const came = []
        response.on('data', () => came.push(Date.now()))
        response.on('end', () => parentPort.postMessage(came))
      })`,
      { eval: true, workerData: port },
    )
    afterwards(() => client.terminate())
    const [came] = (await once(client, 'message')) as [number[]]
    expect(called).toHaveLength(3)
    expect((came[0] ?? Number.POSITIVE_INFINITY) - (called[0] ?? 0)).toBeLessThan(SLOW_MS / 2)
    await until(() => slow.ends.length === 1)
    expect(slow.ends).toEqual([['finished', { wasSent: true, sawAll: false }]])
    expect(events.map(({ code }) => code)).toEqual(['observer_failed'])
  })
})

describe('an answer that an admission edits', () => {
  const editing = (editAnswer: GoOn['editAnswer']): Admission => ({
    name: 'editing',
    admit: () => (editAnswer ? { editAnswer } : {}),
  })

  it('has its headers, while observers see the upstream’s own', async () => {
    const upstream = await startUpstream((_req, res) => res.setHeader('x-a', 'upstream').end('ok'))
    const heads: unknown[] = []
    const watchingHeads: Admission = {
      name: 'heads',
      admit: () => ({ observer: { head: ({ headers }) => void heads.push(headers['x-a']), end() {} } }),
    }
    const gate = await startGate({
      upstream: { url: upstream.url },
      admissions: [
        editing(({ status }) => ({ headers: { 'x-a': `gate ${status}`, 'x-b': 'c' } })),
        watchingHeads,
      ],
    })
    const answer = await call(gate.port, { path: '/a' })
    expect([
      answer.headers['x-a'],
      answer.headers['x-b'],
      answer.headers['content-length'],
      answer.text,
    ]).toEqual(['gate 200', 'c', '2', 'ok'])
    expect(heads).toEqual(['upstream'])
  })

  it('can keep events from the client that observers see', async () => {
    const upstream = await startUpstream((_req, res) => {
      res.setHeader('content-length', 21)
      res.end('data: 1\n\ndata: usage\n')
    })
    const seen = watcher()
    const hiding = editing(() => ({
      body: {
        chunk: (chunk) => Buffer.from(String(chunk).replace('data: usage\n', '')),
        end: () => Buffer.from('data: end\n\n'),
      },
    }))
    const { port } = await startGate({
      upstream: { url: upstream.url },
      admissions: [watching(seen), hiding],
    })
    const answer = await call(port, { path: '/a' })
    expect([answer.text, answer.headers['content-length']]).toEqual(['data: 1\n\ndata: end\n\n', undefined])
    expect(text(seen)).toBe('data: 1\n\ndata: usage\n')
    const head = await call(port, { method: 'HEAD', path: '/a' })
    expect(head.headers['content-length']).toBe('21')
  })

  it.each([
    [
      'the head',
      () => {
        throw new Error('inside')
      },
    ],
    ['a header of the connection', () => ({ headers: { connection: 'close' } })],
  ])('and fails at %s is none: 500, reported', async (_, editAnswer) => {
    const { url } = await startUpstream()
    const seen = watcher()
    const { port, events, running } = await startGate({
      upstream: { url },
      admissions: [watching(seen), editing(editAnswer)],
    })
    const answer = await call(port, { path: '/a' })
    expect([answer.status, codeOf(answer)]).toEqual([500, 'internal_error'])
    await until(() => running() === 0)
    expect([events.map(({ code }) => code), seen.ends]).toEqual([['admission_failed'], [['cut', SENT]]])
  })

  it('and fails at a chunk is broken off', async () => {
    const { url } = await startUpstream()
    const seen = watcher()
    const chunk = (): never => {
      throw new Error('inside')
    }
    const { port, running } = await startGate({
      upstream: { url },
      admissions: [watching(seen), editing(() => ({ body: { chunk, end: () => undefined } }))],
    })
    await expect(call(port, { path: '/a' })).rejects.toThrow()
    await until(() => running() === 0)
    expect(seen.ends).toEqual([['cut', SENT]])
  })
})

describe('of a WebSocket', () => {
  async function startSockets(admissions: (seen: Seen) => Admission[] = (seen) => [watching(seen)]) {
    const upstream = createServer()
    const echo = new WebSocketServer({ server: upstream })
    echo.on('connection', (ws) => {
      ws.on('message', (data) => (String(data) === 'close' ? ws.close() : ws.send(String(data))))
    })
    const url = `http://127.0.0.1:${await listen(upstream)}`
    const seen = watcher()
    const forwarder = createForwarder(stubGate(), { upstream: { url }, admissions: admissions(seen) })
    const server = createServer()
    server.on('upgrade', (req, socket, head) => void forwarder.upgrade(req, socket, head, ANNA))
    const port = await listen(server)
    afterwards(() => forwarder.close())
    const dial = () => {
      const ws = new WebSocket(`ws://127.0.0.1:${port}/live`)
      ws.on('error', () => {})
      return ws
    }
    return { seen, forwarder, dial }
  }

  it('the observer is told head and end, and the frames pass', async () => {
    const { seen, dial } = await startSockets()
    const ws = dial()
    await once(ws, 'open')
    ws.send('hello')
    expect(String((await once(ws, 'message'))[0])).toBe('hello')
    ws.send('close')
    await until(() => seen.ends.length > 0)
    expect([seen.heads, seen.chunks, seen.ends]).toEqual([[101], [], [['finished', SENT]]])
  })

  it('the observer is told who ended it', async () => {
    const { seen, dial, forwarder } = await startSockets()
    const left = dial()
    await once(left, 'open')
    left.terminate()
    await until(() => seen.ends.length === 1)
    await once(dial(), 'open')
    await forwarder.close()
    expect(seen.ends).toEqual([
      ['client_gone', SENT],
      ['cut', SENT],
    ])
  })

  it('a refusal is answered, and what is sent while somebody decides is kept', async () => {
    let goOn: (refuses: boolean) => void = () => {}
    const { seen, dial } = await startSockets((watched) => [
      watching(watched),
      {
        name: 'deciding',
        admit: ({ isWebSocket }) =>
          new Promise((resolve) => {
            expect(isWebSocket).toBe(true)
            goOn = (refuses) =>
              resolve(
                refuses ? { refuse: { status: 429, code: 'too_many', detail: 'Too many.' } } : undefined,
              )
          }),
      },
    ])
    const refused = dial()
    await new Promise((resolve) => setTimeout(resolve, 50))
    goOn(true)
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage]
    expect(response.statusCode).toBe(429)
    response.resume()
    const gone = dial()
    await new Promise((resolve) => setTimeout(resolve, 50))
    gone.terminate()
    await until(() => seen.ends.length === 2)
    expect(seen.ends).toEqual([
      ['cut', UNSENT],
      ['client_gone', UNSENT],
    ])
  })
})
