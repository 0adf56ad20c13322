import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { ProblemRenderer } from '../../src/errors/problem.js'
import { createGate } from '../../src/gate/create-gate.js'
import { createForwarder } from '../../src/proxy/forwarder.js'
import { memoryStore } from '../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { ANNA, call, codeOf, listen, open, startGate, startUpstream, stubGate, until } from './harness.js'

describe('who is at fault in front of the gate', () => {
  it('a body that a parser already read is a 500 that says so, instead of a hang', async () => {
    const { url, received } = await startUpstream()
    const before = async (req: IncomingMessage) => {
      for await (const _ of req);
    }
    const { port } = await startGate({ upstream: { url } }, { before })
    const answer = await call(port, { method: 'POST', path: '/a', body: '{}' })
    expect([answer.status, codeOf(answer)]).toEqual([500, 'body_already_read'])
    expect(received).toHaveLength(0)
  })

  it('a parser that found no body does no harm', async () => {
    const { url } = await startUpstream()
    const before = async (req: IncomingMessage) => {
      for await (const _ of req);
    }
    const { port } = await startGate({ upstream: { url } }, { before })
    expect((await call(port, { method: 'POST', path: '/a' })).status).toBe(200)
    expect((await call(port, { path: '/a' })).status).toBe(200)
  })

  it('errors have the shape that the path is known for', async () => {
    const renderer: ProblemRenderer = ({ code }, path) =>
      path.startsWith('/v1/')
        ? { contentType: 'application/json', body: JSON.stringify({ type: 'error', code }) }
        : undefined
    const { port } = await startGate({ upstream: () => undefined }, { gate: { problems: [renderer] } })
    const shaped = await call(port, { path: '/v1/messages' })
    expect(JSON.parse(shaped.text)).toEqual({ type: 'error', code: 'not_found' })
    expect(shaped.headers['content-type']).toBe('application/json')
    expect((await call(port, { path: '/a' })).headers['content-type']).toBe('application/problem+json')
  })

  it('a log hook that throws takes nothing down', async () => {
    const gate = await createGate({
      store: memoryStore(),
      publicUrl: 'https://gate.test',
      secret: SECRET,
      keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
      onEvent: () => {
        throw new Error('log is full')
      },
    })
    const { port } = await startGate({ upstream: { url: 'http://upstream.invalid' } }, { gate })
    expect((await call(port, { path: '/a' })).status).toBe(502)
  })

  it('an upstream chosen wrongly is a 500 and an event', async () => {
    const { port, events } = await startGate({ upstream: () => ({ url: 'ftp://example.com' }) })
    const answer = await call(port, { path: '/a' })
    expect([answer.status, codeOf(answer)]).toEqual([500, 'configuration_invalid'])
    expect(events[0]?.code).toBe('forward_failed')
  })

  it('a closed forwarder breaks off what runs and takes nothing new', async () => {
    const { url } = await startUpstream((_req, res) => res.write('half'))
    const { port, forwarder, running } = await startGate({ upstream: { url } })
    const outgoing = open(port, { path: '/a' }).end()
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    const broken = once(response.resume(), 'error')
    await forwarder.close()
    await broken
    await until(() => running() === 0)
    expect(codeOf(await call(port, { path: '/a' }))).toBe('upstream_unavailable')
  })

  it('a forwarder that is closed while a request sets out does not send it', async () => {
    const { url, received } = await startUpstream()
    const forwarder = createForwarder(stubGate(), { upstream: { url } })
    const server = createServer((req, res) => {
      void forwarder.forward(req, res, ANNA)
      void forwarder.close()
    })
    const answer = await call(await listen(server), { path: '/a' })
    expect(codeOf(answer)).toBe('upstream_unavailable')
    expect(received).toEqual([])
  })
})
