import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { inTurn } from '../../src/request/connection.js'

const releases: (() => unknown)[] = []

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

interface Arrived {
  readonly target: string
  readonly res: ServerResponse
  readonly req: IncomingMessage
}

/** A server that answers nothing by itself, and a client of it. */
async function pipelined(): Promise<{ arrived: Arrived[]; next: () => Promise<Arrived>; client: Socket }> {
  const arrived: Arrived[] = []
  const awaited: (() => void)[] = []
  const server = createServer(
    inTurn((req, res) => {
      arrived.push({ target: req.url ?? '', req, res })
      awaited.shift()?.()
    }),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  releases.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => {})
  await once(client, 'connect')
  releases.push(() => client.destroy())
  let taken = 0
  const next = async () => {
    if (arrived.length === taken) await new Promise<void>((resolve) => awaited.push(resolve))
    taken += 1
    return arrived[taken - 1] as Arrived
  }
  return { arrived, next, client }
}

const get = (target: string) => `GET ${target} HTTP/1.1\r\nhost: localhost\r\n\r\n`

/** Turns of the event loop, in which a request that did not wait would reach the listener. */
const rounds = async (count: number) => {
  for (let round = 0; round < count; round++) await new Promise((resolve) => setImmediate(resolve))
}

describe('requests of one connection', () => {
  it('reach the listener in the order in which they were sent, without waiting for an answer', async () => {
    const { next, client } = await pipelined()
    client.write(get('/1') + get('/2') + get('/3'))
    const requests = [await next(), await next(), await next()]
    expect(requests.map(({ target }) => target)).toEqual(['/1', '/2', '/3'])
    const received: string[] = []
    client.on('data', (chunk: Buffer) => received.push(chunk.toString()))
    for (const { target, res } of requests.toReversed()) res.end(`answer to ${target};`)
    while (!received.join('').includes('/3;')) await once(client, 'data')
    expect(received.join('').match(/answer to \/\d/g)).toEqual([
      'answer to /1',
      'answer to /2',
      'answer to /3',
    ])
  })

  it('reach it one in each turn of the event loop, so that other connections have theirs', async () => {
    const { arrived, next, client } = await pipelined()
    client.write(get('/1').repeat(200))
    await next()
    const turns = 50
    await rounds(turns)
    expect(arrived.length).toBeGreaterThan(1)
    expect(arrived.length).toBeLessThanOrEqual(turns + 2)
  })

  it('do not reach it when the client has left before the first did', async () => {
    const { arrived, client } = await pipelined()
    client.end(get('/1').repeat(60))
    await once(client, 'close')
    expect(arrived).toHaveLength(0)
  })

  it('do not reach it once the client has left', async () => {
    const { arrived, next, client } = await pipelined()
    client.write(get('/1') + get('/2').repeat(200))
    const first = await next()
    client.destroy()
    await once(first.req.socket, 'close')
    const passed = arrived.length
    expect(passed).toBeLessThan(200)
    await rounds(50)
    expect(arrived).toHaveLength(passed)
  })

  it('do not reach it behind an answer that ends the connection (RFC 9112 §9.6)', async () => {
    const { arrived, next, client } = await pipelined()
    client.write(get('/1') + get('/2'))
    const first = await next()
    first.res.setHeader('connection', 'close')
    first.res.end('the last')
    client.resume()
    await once(client, 'close')
    await rounds(50)
    expect(arrived).toHaveLength(1)
  })

  it('keep their body while they wait', async () => {
    const { next, client } = await pipelined()
    client.write(`${get('/1')}POST /2 HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nhello`)
    await next()
    const second = await next()
    let body = ''
    for await (const chunk of second.req) body += chunk
    expect(body).toBe('hello')
  })

  it('end it when more than 256 wait', async () => {
    const { arrived, client } = await pipelined()
    client.write(get('/1').repeat(300))
    client.resume()
    await once(client, 'close')
    expect(arrived.length).toBeLessThan(256)
  })
})
