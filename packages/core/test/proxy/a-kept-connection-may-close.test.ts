import { once } from 'node:events'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { afterwards, call, codeOf, startGate, until } from './harness.js'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** An upstream that answers the first request of a connection, and does with the second what it is told to. */
async function startClosing(onSecond: (socket: Socket) => void) {
  const heard: string[] = []
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    let requests = 0
    socket.on('data', (chunk) => {
      heard.push(String(chunk).split(' HTTP', 1)[0] ?? '')
      requests += 1
      if (requests === 1) socket.write(OK)
      else onSecond(socket)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  afterwards(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const { port, running } = await startGate({
    upstream: { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` },
  })
  const send = async (method: string, path: string, body = '') => {
    const answer = await call(port, {
      method,
      path,
      body,
      headers: body ? { 'content-length': body.length } : {},
    })
    await until(() => running() === 0)
    return answer
  }
  return { heard, send }
}

const hangUps: [string, (socket: Socket) => void][] = [
  ['closes', (socket) => socket.end()],
  ['resets', (socket) => socket.resetAndDestroy()],
]

describe.each(hangUps)('a connection that was kept open and that the upstream just %s', (_, hangUp) => {
  it.each(['GET', 'HEAD'])('costs a %s nothing: it is sent once more on a new one', async (method) => {
    const { heard, send } = await startClosing(hangUp)
    await send('GET', '/first')
    expect((await send(method, '/second')).status).toBe(200)
    expect(heard).toEqual(['GET /first', `${method} /second`, `${method} /second`])
  })

  it.each(['POST', 'DELETE', 'OPTIONS', 'PUT'])(
    'is a 502 for a %s, which might be done twice',
    async (method) => {
      const { heard, send } = await startClosing(hangUp)
      await send('GET', '/first')
      expect(codeOf(await send(method, '/second'))).toBe('upstream_unavailable')
      expect(heard).toEqual(['GET /first', `${method} /second`])
    },
  )

  it('is a 502 for a GET with a body', async () => {
    const { heard, send } = await startClosing(hangUp)
    await send('GET', '/first')
    expect(codeOf(await send('GET', '/second', 'body'))).toBe('upstream_unavailable')
    expect(heard.filter((line) => line === 'GET /second')).toHaveLength(1)
  })
})

it('a GET is sent once more once, and not after any byte of an answer', async () => {
  const half = await startClosing((socket) => socket.end('HTTP/1.1 200'))
  await half.send('GET', '/first')
  expect(codeOf(await half.send('GET', '/second'))).toBe('upstream_unavailable')
  expect(half.heard).toEqual(['GET /first', 'GET /second'])
})
