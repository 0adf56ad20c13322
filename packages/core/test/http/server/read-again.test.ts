import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { createGate } from '../../../src/gate/create-gate.js'
import { guardUpgrades } from '../../../src/http/server/upgrades.js'
import { gateFixture } from '../../gate/gate-fixture.js'

const offer = (path: string, fields: readonly string[] = [], method = 'GET') =>
  [
    `${method} ${path} HTTP/1.1`,
    'Host: x',
    'Connection: Upgrade, keep-alive, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
    ...fields,
    '',
    '',
  ].join('\r\n')

/** A server whose upgrades are guarded, and a connection to it. */
async function connected(answer: (req: IncomingMessage, res: ServerResponse) => unknown) {
  const { options } = await gateFixture()
  const server = createServer(answer)
  const upgraded: string[] = []
  guardUpgrades(server, await createGate(options), (req, socket) => {
    upgraded.push(req.url ?? '')
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8')
  onTestFinished(() => {
    socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  let received = ''
  socket.on('data', (text: string) => {
    received += text
  })
  return { socket, server, upgraded, received: () => received }
}

const echo = async (req: IncomingMessage, res: ServerResponse) => {
  let body = ''
  for await (const chunk of req) body += chunk
  res.end(JSON.stringify({ url: req.url, body, headers: req.headers }))
}

it('a connection that offers h2c again and again keeps nothing of it', async () => {
  const sockets = new Set<IncomingMessage['socket']>()
  const { socket, upgraded, received } = await connected((req, res) => {
    sockets.add(req.socket)
    return echo(req, res)
  })
  const warnings: Error[] = []
  const warn = (warning: Error) => void warnings.push(warning)
  process.on('warning', warn)
  onTestFinished(() => void process.off('warning', warn))
  const counts = new Set<number>()
  for (let times = 1; times <= 30; times++) {
    socket.write(offer(`/${times}`))
    await expect.poll(received).toContain(`"url":"/${times}"`)
    const [of] = sockets
    if (of && times > 1) counts.add(of.eventNames().reduce((sum, name) => sum + of.listenerCount(name), 0))
  }
  expect(sockets.size).toBe(1)
  expect([...counts]).toHaveLength(1)
  expect(warnings).toEqual([])
  expect(upgraded).toEqual([])
  expect(received()).not.toMatch(/h2c|http2-settings/i)
})

it('bodies are read as their framing says, and what comes behind as the next request', async () => {
  const { socket, received } = await connected(echo)
  const chunked = offer('/chunked', ['Transfer-Encoding: chunked'], 'POST')
  socket.write(`${chunked}5\r\nhello\r\n0\r\n\r\n${offer('/next')}`)
  await expect.poll(received).toContain('"url":"/next"')
  expect(received()).toContain('"url":"/chunked","body":"hello"')
})

it('answers stay in order when an offer comes behind a request that still runs', async () => {
  const { socket, received } = await connected(async (req, res) => {
    if (req.url === '/slow') await sleep(50)
    res.end(`done ${req.url}`)
  })
  socket.write(`GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${offer('/fast')}`)
  await expect.poll(received).toContain('done /fast')
  expect(received().split('done /slow')[0]).not.toContain('done /fast')
})

it('what runs long behind a request is not cut as an idle connection', async () => {
  const { socket, server, received } = await connected(async (req, res) => {
    await sleep(req.url === '/long' ? 400 : 20)
    res.end(`done ${req.url}`)
  })
  server.keepAliveTimeout = 50
  socket.write(`GET /first HTTP/1.1\r\nHost: x\r\n\r\n${offer('/long')}`)
  await expect.poll(received).toContain('done /long')
})

it('a request whose headers Node did not keep all is not written down again', async () => {
  const { socket, received } = await connected(echo)
  socket.write(offer('/many', [...Array(1100).fill('a: b'), 'Content-Length: 3'], 'POST'))
  await once(socket, 'close')
  expect(received()).toBe('')
})
