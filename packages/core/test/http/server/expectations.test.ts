import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createGate } from '../../../src/gate/create-gate.js'
import { guardExpectations } from '../../../src/http/server/expectations.js'
import { listener } from '../../../src/http/server/node.js'
import { memoryStore } from '../../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from '../../gate/gate-fixture.js'

async function start() {
  const gate = await createGate({
    store: memoryStore(),
    publicUrl: 'http://localhost',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
  })
  const server = createServer(
    listener(gate, async (req, res) => {
      let size = 0
      for await (const chunk of req) size += (chunk as Buffer).length
      res.end(`took ${size}`)
    }),
  )
  guardExpectations(server, gate)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await gate.close()
  })
  const issued = await gate.tokens.issue({ account: 'ada@example.com' })
  const token = issued.ok ? issued.value.token : ''
  const ask = async (headers: string) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    let heard = ''
    socket.on('data', (chunk) => {
      heard += chunk
      if (heard.startsWith('HTTP/1.1 100') && !heard.includes('took')) socket.write('hello')
    })
    const fields = `Host: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n${headers}`
    socket.write(`POST /things HTTP/1.1\r\n${fields}\r\n`)
    const over = once(socket, 'close')
    while (!heard.includes('took 5') && !socket.readableEnded && !socket.destroyed)
      await Promise.race([once(socket, 'data'), once(socket, 'end'), over])
    socket.destroy()
    return heard
  }
  return { ask, token }
}

it('nobody without a credential is asked for a body', async () => {
  const { ask } = await start()
  const heard = await ask('')
  expect(heard).toMatch(/^HTTP\/1\.1 401 /)
  expect(heard).toMatch(/connection: close/i)
  expect(heard).not.toContain('100 Continue')
})

it('whoever is let in is asked for the body', async () => {
  const { ask, token } = await start()
  const heard = await ask(`x-api-key: ${token}\r\n`)
  expect(heard).toMatch(/^HTTP\/1\.1 100 Continue/)
  expect(heard).toContain('took 5')
})
