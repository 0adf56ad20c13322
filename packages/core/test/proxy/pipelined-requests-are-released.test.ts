import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { createForwarder } from '../../src/proxy/forwarder.js'
import { ANNA, afterwards, listen, startGate, startUpstream, stubGate, until } from './harness.js'

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: g\r\n\r\n`

async function startEndless() {
  const open = new Set<IncomingMessage>()
  const server = createServer((req, res) => {
    open.add(req)
    res.once('close', () => open.delete(req))
    if (req.url === '/stream') res.write('data: 1\n\n')
    if (req.url === '/short') res.end('ok')
  })
  return { url: `http://127.0.0.1:${await listen(server)}`, open }
}

function dial(port: number) {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  afterwards(async () => socket.destroy())
  return socket
}

it.each(['/stream', '/never'])('20 pipelined requests for %s end when their client leaves', async (path) => {
  const { url, open } = await startEndless()
  const { port, running } = await startGate({ upstream: { url } })
  const socket = dial(port)
  socket.write(get(path).repeat(20))
  await until(() => open.size === 20)
  socket.destroy()
  await until(() => open.size === 0 && running() === 0, 1_000)
})

it('pipelined requests end when their client leaves before the gate has decided', async () => {
  const { url, open } = await startEndless()
  const { port, running } = await startGate(
    { upstream: { url } },
    { before: (req) => once(req.socket.setMaxListeners(50), 'close') },
  )
  const socket = dial(port)
  socket.write(get('/stream').repeat(20))
  await until(() => running() === 20)
  socket.destroy()
  await until(() => running() === 0, 1_000)
  expect(open.size).toBe(0)
})

it('what waits behind too many others of its connection runs when one of them is done', async () => {
  const { url, received } = await startUpstream()
  const { port } = await startGate({ upstream: { url } })
  const socket = dial(port)
  socket.write(get('/short').repeat(200))
  await until(() => received.length === 200)
})

it('a connection with more requests than may wait is ended', async () => {
  const { url, open } = await startEndless()
  const { port, events, running } = await startGate({ upstream: { url } })
  const socket = dial(port)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(get('/never').repeat(8_000))
  await closed
  await until(() => open.size === 0 && running() === 0)
  expect(events.filter(({ code }) => code === 'pipeline_too_long').length).toBeGreaterThan(0)
})

it('a forwarder closes although a client does not read what pipelined requests are answered', async () => {
  const { url, open } = await startEndless()
  const forwarder = createForwarder(stubGate(), { upstream: { url } })
  // The first is never answered by whoever serves it, so that the second never has a socket.
  const server = createServer((req, res) => {
    if (req.url !== '/other') void forwarder.forward(req, res, ANNA)
  })
  const socket = dial(await listen(server))
  socket.write(get('/other') + get('/stream'))
  await until(() => open.size === 1)
  await forwarder.close()
  expect(open.size).toBe(0)
})
