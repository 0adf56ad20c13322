import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { listen, open, startGate, until } from './harness.js'

/** An upstream that begins as told, never ends, and knows what is still running. */
async function startEndless(begin: (res: ServerResponse) => void) {
  const running = new Set<IncomingMessage>()
  const server = createServer((req, res) => {
    running.add(req)
    req.on('error', () => {}).resume()
    res.on('close', () => running.delete(req))
    begin(res)
  })
  const port = await listen(server)
  return { url: `http://127.0.0.1:${port}`, running }
}

const ABORTED_WITHIN_MS = 1_000

describe('a client that goes away takes its upstream request with it within 1 s', () => {
  it('before the response', async () => {
    const upstream = await startEndless(() => {})
    const { port, running } = await startGate({ upstream: { url: upstream.url } })
    const outgoing = open(port, { method: 'POST', path: '/a' })
    outgoing.on('error', () => {}).end('x')
    await until(() => upstream.running.size === 1)
    outgoing.destroy()
    await until(() => upstream.running.size === 0 && running() === 0, ABORTED_WITHIN_MS)
  })

  it('during the upload', async () => {
    const upstream = await startEndless(() => {})
    const { port, running } = await startGate({ upstream: { url: upstream.url } })
    const outgoing = open(port, { method: 'POST', path: '/a', headers: { 'content-length': 1_000 } })
    outgoing.on('error', () => {}).write('x')
    await until(() => upstream.running.size === 1)
    outgoing.destroy()
    await until(() => upstream.running.size === 0 && running() === 0, ABORTED_WITHIN_MS)
  })

  it('during the response, 20 out of 20', async () => {
    const upstream = await startEndless((res) => {
      const timer = setInterval(() => res.write('data: x\n\n'), 10)
      res.on('close', () => clearInterval(timer))
    })
    const { port, running, events } = await startGate({ upstream: { url: upstream.url } })
    const clients = Array.from({ length: 20 }, () => open(port, { path: '/a' }).on('error', () => {}))
    await Promise.all(
      clients.map(async (client) => {
        const [response] = (await once(client.end(), 'response')) as [IncomingMessage]
        response.on('error', () => {})
        await once(response, 'data')
      }),
    )
    expect(upstream.running.size).toBe(20)
    for (const client of clients) client.destroy()
    await until(() => upstream.running.size === 0 && running() === 0, ABORTED_WITHIN_MS)
    expect(new Set(events.map(({ code }) => code))).toEqual(new Set(['response_unfinished']))
  })

  it('while it does not read what it is sent', async () => {
    const upstream = await startEndless((res) => {
      const fill = () => {
        while (res.write('x'.repeat(65_536)));
      }
      res.on('drain', fill)
      fill()
    })
    const { port, running } = await startGate({ upstream: { url: upstream.url } })
    const outgoing = open(port, { path: '/a' }).on('error', () => {})
    const [response] = (await once(outgoing.end(), 'response')) as [IncomingMessage]
    response.on('error', () => {}).pause()
    outgoing.destroy()
    await until(() => upstream.running.size === 0 && running() === 0, ABORTED_WITHIN_MS)
  })

  it('before the gate had decided, and the upstream never hears of it', async () => {
    const upstream = await startEndless(() => {})
    const before = (req: IncomingMessage) => once(req.socket, 'close')
    const { port, running } = await startGate({ upstream: { url: upstream.url } }, { before })
    const outgoing = open(port, { path: '/a' }).on('error', () => {})
    outgoing.end()
    await until(() => running() === 1)
    outgoing.destroy()
    await until(() => running() === 0, ABORTED_WITHIN_MS)
    expect(upstream.running.size).toBe(0)
  })
})

it('a client that reads slowly does not fill the memory of the gate', async () => {
  let written = 0
  const upstream = await startEndless((res) => {
    const fill = () => {
      while (written < 256e6) {
        written += 65_536
        if (!res.write(Buffer.alloc(65_536))) return
      }
    }
    res.on('drain', fill)
    fill()
  })
  const { port } = await startGate({ upstream: { url: upstream.url } })
  const outgoing = open(port, { path: '/a' }).on('error', () => {})
  const [response] = (await once(outgoing.end(), 'response')) as [IncomingMessage]
  response.on('error', () => {}).pause()
  let before = -1
  await until(() => {
    const isStill = before === written
    before = written
    return isStill
  })
  expect(written).toBeLessThan(64e6)
  outgoing.destroy()
})
