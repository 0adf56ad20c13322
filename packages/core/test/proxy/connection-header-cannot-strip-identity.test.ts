// GHSA-2q7r-29rg-6m5h: a proxy that removed what `Connection` names after adding its own headers let clients take them off.

import { expect, it } from 'vitest'
import { callRaw, startGate, startUpstream } from './harness.js'

it.each([
  ['Connection: X-Portcullis-User, x-portcullis-email, Authorization, close'],
  ['CONNECTION: x-portcullis-user', 'connection: close, x-portcullis-email', 'Connection: authorization'],
  ['Connection: close,,  ,x-portcullis-user ,\tauthorization'],
  ['Connection: close, host, content-length, transfer-encoding, x-portcullis-user'],
])('a Connection header cannot take the identity or the credential off (%#)', async (...fields) => {
  const { url, received, port: upstreamPort } = await startUpstream()
  const { port } = await startGate({ upstream: { url, headers: { authorization: 'Bearer upstream-key' } } })
  await callRaw(
    port,
    ['POST /a HTTP/1.1', 'Host: g', 'Content-Length: 4', ...fields, '', 'body'].join('\r\n'),
  )
  expect(received[0]?.headers).toMatchObject({
    host: `127.0.0.1:${upstreamPort}`,
    authorization: 'Bearer upstream-key',
    'x-portcullis-user': 'anna@example.com',
    'x-portcullis-email': 'anna@example.com',
    'content-length': '4',
  })
  expect(received[0]?.body.toString()).toBe('body')
})

it('what Connection names goes no further (RFC 9110 §7.6.1), in either direction', async () => {
  const { url, received } = await startUpstream((_req, res) => {
    res.writeHead(200, { connection: 'x-hop', 'x-hop': '1', 'x-end': '2' }).end()
  })
  const { port } = await startGate({ upstream: { url } })
  const response = await callRaw(
    port,
    'GET /a HTTP/1.1\r\nHost: g\r\nConnection: close, X-Hop\r\nX_Hop: 1\r\nx-hop: 2\r\nX-End: 3\r\nTE: trailers\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\n\r\n',
  )
  expect(received[0]?.headers).not.toHaveProperty('x-hop')
  expect(received[0]?.headers).not.toHaveProperty('x_hop')
  for (const name of ['te', 'keep-alive', 'proxy-connection'])
    expect(received[0]?.headers).not.toHaveProperty(name)
  expect(received[0]?.headers['x-end']).toBe('3')
  expect(received[0]?.headers.connection).toBe('keep-alive')
  expect(response).toMatch(/^x-end: 2\r$/m)
  expect(response).not.toMatch(/^x-hop:/m)
  expect(response).toMatch(/^connection: close\r$/im)
})
