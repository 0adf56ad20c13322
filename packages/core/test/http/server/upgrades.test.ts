import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { createGate } from '../../../src/gate/create-gate.js'
import { guardUpgrades } from '../../../src/http/server/upgrades.js'
import { gateFixture } from '../../gate/gate-fixture.js'
import { sessionOf, tokenOf } from '../http-fixture.js'

/** The statuses that handshakes of somebody get; 101 for one that was handed over. */
async function handshakes() {
  const { options, context } = await gateFixture({ roleByGroup: { guests: 'viewer' } })
  const gate = await createGate(options)
  const server = createServer((_req, res) => res.end())
  guardUpgrades(server, gate, (_req, socket) => {
    socket.end('HTTP/1.1 418 Handed over\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const statusWith = async (headers: Record<string, string>) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, { headers })
    socket.on('error', () => {})
    const [, response] = await once(socket, 'unexpected-response')
    response.destroy()
    return response.statusCode
  }
  return { deps: context, statusWith, port }
}

it('whoever is refused and stays, with a body unfinished, is cut off within seconds', async () => {
  const { port } = await handshakes()
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
  const handshake = 'connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: eA=='
  socket.write(`POST /live HTTP/1.1\r\nhost: x\r\n${handshake}\r\ncontent-length: 1000\r\n\r\nhalf`)
  let heard = ''
  socket.on('data', (chunk) => {
    heard += chunk
  })
  const trickle = setInterval(() => socket.write('x'), 50)
  onTestFinished(() => clearInterval(trickle))
  await new Promise((resolve) => socket.once('close', resolve))
  expect(heard).toMatch(/^HTTP\/1\.1 401 [\s\S]*credentials/)
}, 6000)

it('a viewer opens no WebSocket, with a session or a token: what is opened is written to', async () => {
  const { deps, statusWith } = await handshakes()
  const origin = 'https://gate.test'
  const session = async (email: string, groups: string[]) => ({
    origin,
    cookie: (await sessionOf(deps, email, groups)).cookie ?? '',
  })
  expect(await statusWith(await session('user@example.com', []))).toBe(418)
  expect(await statusWith(await session('guest@example.com', ['guests']))).toBe(403)
  expect(await statusWith(await tokenOf(deps, 'guest@example.com', ['api']))).toBe(403)
  expect(await statusWith(await tokenOf(deps, 'user@example.com', ['api']))).toBe(418)
})
