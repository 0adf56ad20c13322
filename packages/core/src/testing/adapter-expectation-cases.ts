import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AdapterCase, Promised } from './adapter-stage.js'

const BODY = 'a body of 20 bytes..'

/** `Expect: 100-continue` on the server of the adapter, guarded by `guardServer`. */
export function expectationCases(a: Promised): AdapterCase[] {
  return [
    a('a stranger who asks before sending a body is refused before it', async ({ origin, seen }) => {
      for (const credential of ['', 'Authorization: Bearer nonsense\r\n']) {
        const heard = await ask(origin, '/things', credential)
        assert.match(heard, /^HTTP\/1\.1 401 /)
        assert.match(heard, /connection: close/i)
      }
      assert.equal(seen.head, undefined)
    }),
    a('who is let in is asked for the body, which is forwarded', async ({ origin, token, seen }) => {
      const heard = await ask(origin, '/things', `Authorization: Bearer ${token}\r\n`)
      assert.match(heard, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
      assert.equal(seen.body, BODY)
      assert.equal(seen.head?.headers.expect, undefined)
    }),
    a('the gate’s own routes refuse before the body whom they would refuse behind it', async (scene) => {
      const { origin, token } = scene
      const admitted = `Authorization: Bearer ${token}\r\n`
      const json = 'Content-Type: application/json\r\n'
      for (const [credential, length, status] of [
        ['', BODY.length, 401],
        ['Authorization: Bearer nonsense\r\n', BODY.length, 401],
        [admitted + json, 65_537, 413],
        [`${admitted}Content-Type: text/plain\r\n`, BODY.length, 415],
      ] as const) {
        const heard = await ask(origin, '/api/token/generate', credential, length)
        assert.match(heard, new RegExp(`^HTTP/1\\.1 ${status} `))
        assert.match(heard, /connection: close/i)
      }
    }),
    a('the gate’s own routes ask whoever may call them for the body', async ({ origin, token }) => {
      const fields = `Authorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
      const heard = await ask(origin, '/api/token/generate', fields)
      assert.match(heard, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /)
      assert.match(heard, /"input_invalid"/)
    }),
  ]
}

/** Sends a body once it is asked for; all that was answered. */
async function ask(
  origin: string,
  target: string,
  credential: string,
  length: number = BODY.length,
): Promise<string> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  const fields = `Host: localhost\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\nConnection: close\r\n`
  socket.write(`POST ${target} HTTP/1.1\r\n${fields}${credential}\r\n`)
  let heard = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    if (heard === '' && text.startsWith('HTTP/1.1 100')) socket.write(BODY)
    heard += text
  })
  await once(socket, 'close')
  return heard
}
