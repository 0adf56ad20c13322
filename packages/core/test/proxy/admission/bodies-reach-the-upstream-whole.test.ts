import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import type { Admission, BodyWish, CallBody, Verdict } from '../../../src/admission/admission.js'
import { afterwards, call, codeOf, open, startGate, startUpstream, until } from '../harness.js'

const JSON_TYPE = { 'content-type': 'application/json' }
const WISH: BodyWish = { members: ['model', 'stream', 'stream_options'] }

/** A gate whose one admission keeps what it was told of bodies. */
async function startReading(
  verdict: (body: CallBody) => Verdict | undefined = () => undefined,
  wish: BodyWish = WISH,
  more: { idleTimeoutMs?: number; heldBodiesAtMostBytes?: number } = {},
) {
  const upstream = await startUpstream()
  const bodies: CallBody[] = []
  const reading: Admission = {
    name: 'reading',
    readBody: () => wish,
    admit({ body }) {
      bodies.push(body)
      return verdict(body)
    },
  }
  const gate = await startGate({ upstream: { url: upstream.url }, admissions: [reading], ...more })
  return { ...gate, upstream, bodies }
}

const post = (port: number, body: string | Buffer, headers: Record<string, string | number> = JSON_TYPE) =>
  call(port, { method: 'POST', path: '/v1/chat/completions', headers, body })

describe('what an admission reads of a body', () => {
  it('is forwarded byte for byte, wherever the client cuts it', async () => {
    const { port, upstream, bodies } = await startReading()
    const body = Buffer.from('{ "messages":["é😀\\u0041"], "model":"m" , "stream":true}\n')
    for (let at = 1; at < body.length; at++) {
      const outgoing = open(port, { method: 'POST', path: '/a', headers: JSON_TYPE })
      outgoing.write(body.subarray(0, at))
      await new Promise((resolve) => setImmediate(resolve))
      outgoing.end(body.subarray(at))
      const [response] = await once(outgoing, 'response')
      response.resume()
      await once(response, 'end')
      expect(upstream.received.at(-1)?.body).toEqual(body)
      expect(bodies.at(-1)).toEqual({
        state: 'read',
        members: { model: 'm', stream: true },
        isComplete: true,
        bytes: body.length,
      })
    }
  })

  it('keeps its announced length, or stays chunked', async () => {
    const { port, upstream } = await startReading()
    await post(port, '{"model":"m"}', { ...JSON_TYPE, 'content-length': 13 })
    await post(port, '{"model":"m"}', { ...JSON_TYPE, 'transfer-encoding': 'chunked' })
    expect(
      upstream.received.map(({ headers }) => [headers['content-length'], headers['transfer-encoding']]),
    ).toEqual([
      ['13', undefined],
      [undefined, 'chunked'],
    ])
  })

  it.each<[string, string | Buffer, Record<string, string>, CallBody]>([
    ['is not there', '', {}, { state: 'none' }],
    ['is text', 'model', { 'content-type': 'text/plain' }, { state: 'unread', reason: 'not_json' }],
    ['has no type', '{"model":"m"}', {}, { state: 'unread', reason: 'not_json' }],
    [
      'is a form with files',
      '--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n--x--\r\n',
      { 'content-type': 'multipart/form-data; boundary=x' },
      { state: 'unread', reason: 'not_json' },
    ],
    [
      'is in UTF-16',
      Buffer.from('{"model":"m"}', 'utf16le'),
      { 'content-type': 'application/json; charset=utf-16' },
      { state: 'unread', reason: 'not_json' },
    ],
    [
      'is compressed',
      gzipSync('{"model":"m"}'),
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      { state: 'unread', reason: 'content_encoded' },
    ],
    ['is broken', '{"model":"m"', JSON_TYPE, { state: 'unread', reason: 'invalid' }],
    ['is a list', '[{"model":"m"}]', JSON_TYPE, { state: 'unread', reason: 'invalid' }],
    [
      'names a member twice',
      '{"model":"cheap","model":"dear"}',
      JSON_TYPE,
      { state: 'unread', reason: 'ambiguous_member' },
    ],
    [
      'has a member that is too long',
      `{"model":"${'m'.repeat(70_000)}"}`,
      JSON_TYPE,
      { state: 'unread', reason: 'member_too_long' },
    ],
    [
      'is of a type with suffix',
      '{"model":"m"}',
      { 'content-type': 'application/vnd.api+json; charset=UTF-8' },
      { state: 'read', members: { model: 'm' }, isComplete: true, bytes: 13 },
    ],
  ])('is told as what it is when it %s, and goes on as it came', async (_, body, headers, told) => {
    const { port, upstream, bodies } = await startReading()
    expect((await post(port, body, headers)).status).toBe(200)
    expect(bodies).toEqual([told])
    expect(upstream.received[0]?.body).toEqual(Buffer.from(body))
  })

  it('is nothing unless it asks, and only what it asks for', async () => {
    const upstream = await startUpstream()
    const bodies: CallBody[] = []
    const asking = (name: string, members?: string[]): Admission => ({
      name,
      readBody: () => members && { members },
      admit({ body }) {
        bodies.push(body)
        return undefined
      },
    })
    const { port } = await startGate({
      upstream: { url: upstream.url },
      admissions: [asking('a'), asking('b', ['model']), asking('c', ['stream'])],
    })
    await post(port, '{"model":"m","stream":true}')
    expect(bodies.map((body) => (body.state === 'read' ? { ...body.members } : body.state))).toEqual([
      'unasked',
      { model: 'm' },
      { stream: true },
    ])
  })

  it('does not keep a body from flowing once all is known', async () => {
    const { port, upstream, bodies } = await startReading(undefined, { members: ['model'] })
    const outgoing = open(port, { method: 'POST', path: '/a', headers: JSON_TYPE })
    outgoing.on('error', () => {}).write('{"model":"m","messages":["')
    await until(() => bodies.length === 1)
    expect(bodies).toEqual([{ state: 'read', members: { model: 'm' }, isComplete: false, bytes: 26 }])
    expect(upstream.received).toHaveLength(0)
    outgoing.end('hello"]}')
    await once(outgoing, 'response')
    expect(upstream.received[0]?.body.toString()).toBe('{"model":"m","messages":["hello"]}')
  })

  it.each([
    ['names the model again', '","model":"dear"}'],
    ['names it in capitals', '","MODEL":"dear"}'],
    ['is no JSON', '"]}'],
    ['ends too early', '"'],
  ])(
    'holds for the rest of the body: one that %s is refused, and the upstream does not get it',
    async (_, rest) => {
      let whole = 0
      const upstream = await startUpstream((_req, res) => {
        whole += 1
        res.end()
      })
      const cheap: Admission = {
        name: 'cheap',
        readBody: () => ({ members: ['model'] }),
        admit: () => undefined,
      }
      const { port, running, events } = await startGate({
        upstream: { url: upstream.url },
        admissions: [cheap],
      })
      const outgoing = open(port, { method: 'POST', path: '/a', headers: JSON_TYPE })
      outgoing.on('error', () => {}).write('{"model":"cheap","a":"')
      await until(() => events.length === 0 && running() === 1)
      await new Promise((resolve) => setTimeout(resolve, 30))
      outgoing.end(rest)
      const [response] = await once(outgoing, 'response')
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      expect([response.statusCode, codeOf({ text: Buffer.concat(chunks).toString() })]).toEqual([
        400,
        'body_ambiguous',
      ])
      await until(() => running() === 0)
      expect(whole).toBe(0)
    },
  )
})

describe('members that an admission sets', () => {
  const setting = (body: CallBody): Verdict =>
    body.state === 'read' && typeof body.members.stream_options === 'object'
      ? { bodyMembers: { stream_options: { ...body.members.stream_options, include_usage: true } } }
      : { bodyMembers: { stream_options: { include_usage: true }, model: 'other' } }

  it.each(['content-length', 'chunked'])('reach the upstream with the right length (%s)', async (framing) => {
    const { port, upstream } = await startReading(setting)
    const body = '{"model":"m", "n": 1.0,"stream_options":{"a":1}}'
    const headers = { ...JSON_TYPE, ...(framing === 'chunked' ? { 'transfer-encoding': 'chunked' } : {}) }
    await post(port, body, headers)
    await post(port, '{"model":"m"}', headers)
    await post(port, '{}', headers)
    expect(upstream.received.map(({ body: sent }) => sent.toString())).toEqual([
      '{"model":"m", "n": 1.0,"stream_options":{"a":1,"include_usage":true}}',
      '{"model":"other","stream_options":{"include_usage":true}}',
      '{"stream_options":{"include_usage":true},"model":"other"}',
    ])
    for (const { headers: sent, body: bytes } of upstream.received)
      expect([sent['content-length'], sent['transfer-encoding']]).toEqual([String(bytes.length), undefined])
  })

  it('are set in what is still to come', async () => {
    const { port, upstream } = await startReading(() => ({ bodyMembers: { model: 'other', stream: true } }), {
      members: ['model', 'stream'],
      holdBytesAtMost: 10,
    })
    const filler = 'x'.repeat(200_000)
    await post(port, `{"a":"${filler}","model":"m","b":"${filler}"}`)
    const [received] = upstream.received
    expect(received?.headers['transfer-encoding']).toBe('chunked')
    expect(received?.body.toString()).toBe(`{"a":"${filler}","model":"other","b":"${filler}","stream":true}`)
  })

  it('are seen by the admissions behind it', async () => {
    const upstream = await startUpstream()
    const models: unknown[] = []
    const alias: Admission = {
      name: 'alias',
      readBody: () => ({ members: ['model'] }),
      admit: () => ({ bodyMembers: { model: 'real' } }),
    }
    const price: Admission = {
      name: 'price',
      readBody: () => ({ members: ['model'] }),
      admit({ body }) {
        models.push(body.state === 'read' && body.members.model)
        return undefined
      },
    }
    const { port } = await startGate({ upstream: { url: upstream.url }, admissions: [alias, price] })
    await post(port, '{"model":"alias"}')
    expect([models, upstream.received[0]?.body.toString()]).toEqual([['real'], '{"model":"real"}'])
  })

  it.each<[string, Verdict, string]>([
    ['one that was not asked for', { bodyMembers: { user: 'u' } }, '{"model":"m"}'],
    ['of a body that was not read', { bodyMembers: { model: 'x' } }, '[]'],
    ['to what is no JSON', { bodyMembers: { model: undefined } }, '{"model":"m"}'],
  ])('are none when it is %s: 503, and the upstream is not called', async (_, verdict, body) => {
    const { port, upstream, events } = await startReading(() => verdict)
    const answer = await post(port, body)
    expect([answer.status, codeOf(answer), upstream.received.length]).toEqual([
      503,
      'admission_unavailable',
      0,
    ])
    expect(events.map(({ code }) => code)).toEqual(['admission_failed'])
  })
})

/** The longest that the loop stood still meanwhile, in milliseconds. */
async function slowestTurn(post: () => Promise<string>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  expect(await post()).toBe('200, as expected')
  delay.disable()
  return delay.max / 1e6
}

/** A client and an upstream in a thread of their own, since the loop of the gate is to be measured. */
async function startOutside() {
  const worker = new Worker(
    `
    const { parentPort } = require('node:worker_threads')
    const http = require('node:http')
    const head = Buffer.from('{"messages":["' + 'lorem ipsum dolor '.repeat(1_700_000) + '"],')
    const body = Buffer.concat([head, Buffer.from('"model":"m","stream":true}')])
    const edited = '"model":"other","stream":true,"stream_options":{"include_usage":true}}'
    const server = http.createServer(async (req, res) => {
      const chunks = []
      for await (const chunk of req) chunks.push(chunk)
      const received = Buffer.concat(chunks)
      const wanted = req.url === '/edited' ? Buffer.concat([head, Buffer.from(edited)]) : body
      res.end(received.equals(wanted) ? 'as expected' : 'other')
    })
    server.listen(0, '127.0.0.1', () => parentPort.postMessage([server.address().port, body.length]))
    parentPort.on('message', ([port, isEdited]) => {
      const headers = { 'content-type': 'application/json', 'content-length': body.length }
      const path = isEdited ? '/edited' : '/plain'
      const asked = http.request({ port, host: '127.0.0.1', method: 'POST', path, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => { text += chunk })
        response.on('end', () => parentPort.postMessage(response.statusCode + ', ' + text))
      })
      asked.end(body)
    })`,
    { eval: true },
  )
  afterwards(() => worker.terminate())
  const [upstreamPort, length] = (await once(worker, 'message'))[0] as [number, number]
  return {
    upstream: `http://127.0.0.1:${upstreamPort}`,
    length,
    async post(port: number, isEdited: boolean): Promise<string> {
      worker.postMessage([port, isEdited])
      return (await once(worker, 'message'))[0] as string
    },
  }
}

describe('a large body', () => {
  const LARGE = Buffer.from(
    `{"messages":["${'lorem ipsum \\"dolor\\" '.repeat(1_500_000)}"],"model":"m","stream":true}`,
  )

  it.each(['as it is', 'edited'])('of 30 MB never blocks the loop, and arrives (%s)', async (how) => {
    const outside = await startOutside()
    const isEdited = how === 'edited'
    const large: Admission = {
      name: 'large',
      readBody: () => WISH,
      admit: ({ body }) => {
        expect(body).toEqual({
          state: 'read',
          members: { model: 'm', stream: true },
          isComplete: true,
          bytes: outside.length,
        })
        return isEdited ? { bodyMembers: { model: 'other', stream_options: { include_usage: true } } } : {}
      },
    }
    const { port, events } = await startGate({ upstream: { url: outside.upstream }, admissions: [large] })
    const { port: plain } = await startGate({ upstream: { url: outside.upstream } })
    const slowestMs: { readonly [key: string]: number[] } = { read: [], plain: [] }
    for (let times = 0; times < 5; times++) {
      slowestMs.plain?.push(await slowestTurn(() => outside.post(plain, false)))
      slowestMs.read?.push(await slowestTurn(() => outside.post(port, isEdited)))
    }
    expect([events, outside.length > 30e6]).toEqual([[], true])
    // Other tests take the machine away for longer now and then; what blocks would do so with each body.
    expect(Math.min(...(slowestMs.read ?? []))).toBeLessThan(2 * Math.min(...(slowestMs.plain ?? [])) + 50)
  })

  it('of 30 MB is neither parsed nor put together', async () => {
    const outside = await startOutside()
    const reading: Admission = { name: 'reading', readBody: () => WISH, admit: () => undefined }
    const { port } = await startGate({ upstream: { url: outside.upstream }, admissions: [reading] })
    const parse = vi.spyOn(JSON, 'parse')
    const concat = vi.spyOn(Buffer, 'concat')
    afterwards(async () => vi.restoreAllMocks())
    await outside.post(port, false)
    const sizes = [
      ...parse.mock.calls.map(([text]) => text.length),
      ...concat.mock.calls.map(([parts]) => parts.reduce((sum, { length }) => sum + length, 0)),
    ]
    expect(Math.max(0, ...sizes)).toBeLessThan(100_000)
  })

  it('waits in memory only up to its bound', async () => {
    const { port, upstream, bodies } = await startReading(undefined, { ...WISH, holdBytesAtMost: 100_000 })
    await post(port, LARGE)
    expect(bodies).toMatchObject([{ state: 'read', members: {}, isComplete: false }])
    expect(bodies[0]?.state === 'read' && bodies[0].bytes).toBeLessThan(200_000)
    expect(upstream.received[0]?.body.equals(LARGE)).toBe(true)
  })

  it('is refused where all bodies together would take too much, and room is given back', async () => {
    const { port, upstream, events, running } = await startReading(undefined, WISH, {
      heldBodiesAtMostBytes: 1_048_576,
    })
    // Node's client gives up sending once it is answered.
    const outgoing = open(port, { method: 'POST', path: '/a', headers: JSON_TYPE }).on('error', () => {})
    outgoing.end(LARGE)
    const [response] = await once(outgoing, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    expect([response.statusCode, codeOf({ text })]).toEqual([503, 'admission_unavailable'])
    expect(events.map(({ code }) => code)).toEqual(['admission_full'])
    await until(() => running() === 0)
    for (let times = 0; times < 20; times++) {
      const body = `{"model":"m","a":"${'x'.repeat(900_000)}"}`
      expect((await post(port, body)).status).toBe(200)
    }
    expect(upstream.received).toHaveLength(20)
  })
})

it('a body that stops coming is not waited for: 408', async () => {
  const { port, upstream, bodies } = await startReading(undefined, WISH, { idleTimeoutMs: 50 })
  const outgoing = open(port, { method: 'POST', path: '/a', headers: JSON_TYPE })
  outgoing.on('error', () => {}).write('{"model":')
  const [response] = await once(outgoing, 'response')
  expect([response.statusCode, bodies, upstream.received]).toEqual([408, [], []])
  outgoing.destroy()
})
