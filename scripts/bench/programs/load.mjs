// Sends requests over kept-alive connections, one at a time on each, and counts the answers. Written on bare sockets:
// a client that costs as much as the server would hide what the server costs.
import { connect } from 'node:net'
import { percentile } from '../measure.mjs'
import { answerParent, tell } from './parent.mjs'

/**
 * @typedef {object} Load
 * @property {number} port
 * @property {string} path
 * @property {string[]} tokens sent in turn
 * @property {number} connections
 * @property {number} warmUpMs
 * @property {number} durationMs
 */

answerParent(run)
tell({ ready: true })

/** @param {Load} load */
async function run(load) {
  const requests = load.tokens.map((token) =>
    Buffer.from(
      `GET ${load.path} HTTP/1.1\r\nhost: gate.example.test\r\naccept: application/json\r\nuser-agent: bench/1.0\r\nauthorization: Bearer ${token}\r\n\r\n`,
    ),
  )
  const begin = performance.now() + load.warmUpMs
  const end = begin + load.durationMs
  const lanes = Array.from({ length: load.connections }, (_, lane) => {
    // Connections that go through the tokens side by side would all meet a new one at the same moment.
    const first = Math.floor((lane * requests.length) / load.connections)
    return drive(load.port, requests, first, begin, end)
  })
  const driven = await Promise.all(lanes)
  const latencies = driven.flatMap((lane) => lane.latencies)
  return {
    answered: driven.reduce((sum, lane) => sum + lane.answered, 0),
    perSecond: latencies.length / (load.durationMs / 1000),
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  }
}

/**
 * One connection: the next request goes out when the answer before is complete.
 *
 * @param {number} port
 * @param {Buffer[]} requests
 * @param {number} first of the requests
 * @param {number} begin
 * @param {number} end
 * @returns {Promise<{ answered: number, latencies: number[] }>} all that was answered, and the milliseconds of each
 *   exchange that began and ended within the time
 */
function drive(port, requests, first, begin, end) {
  return new Promise((resolve, reject) => {
    /** @type {number[]} */
    const latencies = []
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let answered = 0
    let turn = first
    let sentAt = 0
    let received = ''
    const send = () => {
      sentAt = performance.now()
      socket.write(requests[turn++ % requests.length] ?? '')
    }
    socket.setEncoding('latin1')
    socket.once('connect', send)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server closed a connection')))
    socket.on('data', (text) => {
      received += text
      const length = answerLength(received)
      if (length === undefined || received.length < length) return
      if (!received.startsWith('HTTP/1.1 200 '))
        return void reject(new Error(`answered ${received.slice(0, 500)}`))
      received = ''
      answered += 1
      const now = performance.now()
      if (sentAt >= begin && now <= end) latencies.push(now - sentAt)
      if (now < end) return void send()
      socket.removeAllListeners('close')
      socket.destroy()
      resolve({ answered, latencies })
    })
  })
}

/** @param {string} received */
function answerLength(received) {
  const head = received.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const length = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, head))?.[1]
  if (length === undefined) throw new Error(`an answer without a length: ${received.slice(0, 500)}`)
  return head + 4 + Number(length)
}
