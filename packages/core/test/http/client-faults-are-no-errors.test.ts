import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import type { GateEvent } from '../../src/context/event.js'
import { createGate } from '../../src/gate/create-gate.js'
import { guardExpectations } from '../../src/http/server/expectations.js'
import { listener } from '../../src/http/server/node.js'
import { guardUpgrades } from '../../src/http/server/upgrades.js'
import { memoryStore } from '../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'

it('what only the client did wrong is no error in the log, whatever its status', async () => {
  const events: GateEvent[] = []
  const gate = await createGate({
    store: memoryStore(),
    publicUrl: 'http://localhost',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    onEvent: (event) => events.push(event),
  })
  const server = createServer(listener(gate, (_req, res) => res.end()))
  guardExpectations(server, gate)
  guardUpgrades(server, gate, (_req, socket) => socket.destroy())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await gate.close()
  })
  const statusOf = async (head: string) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(`${head}\r\n\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return Number(answer.toString('latin1').split(' ')[1])
  }
  const handshake = 'connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: eA=='
  expect([
    await statusOf('GET / HTTP/1.0'),
    await statusOf('GET / HTTP/2.0\r\nhost: x'),
    await statusOf(`GET / HTTP/1.0\r\n${handshake}`),
    await statusOf('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked'),
    await statusOf('POST / HTTP/1.1\r\nhost: a b\r\ncontent-length: 1'),
  ]).toEqual([401, 505, 505, 501, 400])
  expect(events.filter(({ code }) => code !== 'store_degraded')).toEqual([])
})
