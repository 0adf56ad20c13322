// Opens so many streams of events a second, and measures how long each event was on its way.
import { get } from 'node:http'
import { percentile } from '../measure.mjs'
import { answerParent, tell } from './parent.mjs'

/**
 * @typedef {object} Streams
 * @property {number} port
 * @property {string} token
 * @property {number} streams
 * @property {number} openedPerSecond
 * @property {number} durationMs with all of them open
 */

answerParent(run)
tell({ ready: true })

/** @param {Streams} load */
async function run({ port, token, streams, openedPerSecond, durationMs }) {
  /** @type {number[]} */
  const firstMs = []
  /** @type {number[]} */
  const delaysMs = []
  /** @type {import('node:http').ClientRequest[]} */
  const requests = []
  let isOver = false
  let lost = 0
  const open = () => {
    const begun = performance.now()
    let isFirst = true
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' }
    const lose = () => {
      if (!isOver) lost += 1
    }
    const request = get(
      { port, host: '127.0.0.1', path: '/v1/events', headers, agent: false },
      (response) => {
        response.setEncoding('latin1').on('error', () => {})
        response.once('close', lose)
        response.on('data', (text) => {
          const now = process.hrtime.bigint()
          if (isFirst) firstMs.push(performance.now() - begun)
          isFirst = false
          for (const [, sentAt = '0'] of text.matchAll(/^data: (\d+)$/gm))
            delaysMs.push(Number(now - BigInt(sentAt)) / 1e6)
        })
      },
    )
    request.on('error', () => {})
    requests.push(request)
  }
  for (let opened = 0; opened < streams; opened++) {
    open()
    await sleep(1_000 / openedPerSecond)
  }
  await sleep(durationMs / 2)
  delaysMs.length = 0
  await sleep(durationMs / 2)
  isOver = true
  for (const request of requests) request.destroy()
  return {
    lost: lost + streams - firstMs.length,
    firstP50Ms: percentile(firstMs, 0.5),
    firstP99Ms: percentile(firstMs, 0.99),
    delayP50Ms: percentile(delaysMs, 0.5),
    delayP99Ms: percentile(delaysMs, 0.99),
  }
}

/** @param {number} ms */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
