// http-proxy gives a DELETE or OPTIONS without Content-Length the length 0 and drops Transfer-Encoding, yet sends the
// body: the upstream then reads the body as the next request on the connection.

import { expect, it } from 'vitest'
import { callRaw, startGate, startUpstream } from './harness.js'

it.each(['DELETE', 'OPTIONS'])('the body of a chunked %s is no request of its own', async (method) => {
  const { url, received } = await startUpstream()
  const { port } = await startGate({ upstream: { url } })
  const smuggled = 'POST /smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'
  const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`
  const response = await callRaw(
    port,
    `${method} /a HTTP/1.1\r\nHost: g\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
  )
  expect(response).toMatch(/^HTTP\/1\.1 200/)
  expect(received.map(({ target }) => target)).toEqual(['/a'])
  expect(received[0]?.body.toString()).toBe(smuggled)
})
