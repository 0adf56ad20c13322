import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { afterwards, call, codeOf, open, startGate, startUpstream, until } from './harness.js'

describe('an upstream that is silent', () => {
  it('silence before the response is a 504 at the deadline, and the upstream request is aborted', async () => {
    let isAborted = false
    const { url } = await startUpstream((_req, res) => {
      res.on('close', () => {
        isAborted = true
      })
    })
    const { port, running } = await startGate({ upstream: { url }, responseTimeoutMs: 100 })
    const start = performance.now()
    const answer = await call(port, { method: 'POST', path: '/a', body: 'x' })
    const waited = performance.now() - start
    expect([answer.status, codeOf(answer)]).toEqual([504, 'upstream_timeout'])
    expect(waited).toBeGreaterThanOrEqual(99)
    await until(() => isAborted && running() === 0)
  })

  it('an upload takes as long as it takes', async () => {
    const { url } = await startUpstream()
    const { port } = await startGate({ upstream: { url }, responseTimeoutMs: 300 })
    expect(await uploadSlowly(port, 7, 100)).toBe(200)
  })

  it('the deadline runs from the end of the upload', async () => {
    const { url } = await startUpstream((_req, res) => setTimeout(() => res.end(), 150))
    const { port } = await startGate({ upstream: { url }, responseTimeoutMs: 300 })
    expect(await uploadSlowly(port, 2, 120)).toBe(200)
  })

  it('an upload that stalls is a 504', async () => {
    const { url } = await startUpstream()
    const { port } = await startGate({ upstream: { url }, responseTimeoutMs: 100 })
    const outgoing = open(port, { method: 'POST', path: '/a' }).on('error', () => {})
    outgoing.write('x')
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(504)
    outgoing.destroy()
  })

  it('a connection that nobody accepts is a 504', async () => {
    const silent = createTcpServer(() => {})
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    afterwards(async () => silent.close())
    const address = silent.address()
    // TCP connects, TLS never does.
    const url = `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
    const { port } = await startGate({ upstream: { url }, connectTimeoutMs: 100 })
    const answer = await call(port, { method: 'POST', path: '/a', body: 'x' })
    expect([answer.status, codeOf(answer)]).toEqual([504, 'upstream_timeout'])
  })

  it('silence in the response breaks it off', async () => {
    const { url } = await startUpstream((_req, res) => res.write('half'))
    const { port, events } = await startGate({ upstream: { url }, idleTimeoutMs: 100 })
    await expect(call(port, { path: '/a' })).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(events.map(({ code }) => code)).toEqual(['upstream_timeout'])
  })

  it('a response that keeps coming outlives every deadline', async () => {
    const { url } = await startUpstream((_req, res) => {
      let left = 8
      const timer = setInterval(() => {
        res.write('.')
        left -= 1
        if (left > 0) return
        clearInterval(timer)
        res.end()
      }, 50)
    })
    const { port } = await startGate({ upstream: { url }, responseTimeoutMs: 300, idleTimeoutMs: 300 })
    expect((await call(port, { path: '/a' })).text).toBe('........')
  })
})

async function uploadSlowly(port: number, pieces: number, pauseMs: number): Promise<number | undefined> {
  const outgoing = open(port, { method: 'POST', path: '/a' })
  for (let at = 0; at < pieces; at++) {
    outgoing.write('x')
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  const [response] = (await once(outgoing.end(), 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}
