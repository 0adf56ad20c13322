// One hop of the comparison of forwarding, chosen by name.
import { Agent, createServer } from 'node:http'
import { memoryStore } from '@portcullis/core'
import { viewOf } from '@portcullis/core/http'
import { createForwarder } from '@portcullis/core/proxy'
import { createProxyServer } from 'http-proxy'
import { Client } from 'undici'
import { issue, openGate, openRedisStore } from '../gate.mjs'
import { readOptions, tell } from './parent.mjs'

/**
 * @typedef {object} ForwardOptions
 * @property {string} variant
 * @property {string} upstream URL
 * @property {import('../gate.mjs').Secrets} secrets
 * @property {string} [redisUrl] memory without
 */

/** As long as a short answer of an LLM. */
const ANSWER = JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', content: 'x'.repeat(377) })
const EVENTS_EVERY_MS = 500

/** @type {ForwardOptions} */
const { variant, upstream, secrets, redisUrl } = readOptions()
/** @type {string | undefined} */
let token

/** @type {Record<string, () => import('node:http').RequestListener | Promise<import('node:http').RequestListener>>} */
const variants = {
  upstream: () => answerAsUpstream,
  'http-proxy': () => {
    const agent = new Agent({ keepAlive: true, maxFreeSockets: 256, scheduling: 'lifo' })
    const proxy = createProxyServer({ target: upstream, agent })
    proxy.on('error', (_error, _req, res) => void res.destroy())
    return (req, res) => proxy.web(req, res)
  },
  undici: () => bareUndici(),
  authenticate: async () => {
    const gate = await openedGate()
    return async (req, res) => {
      const decision = await gate.authenticate(viewOf(req, gate.publicUrl))
      res.writeHead(decision.outcome === 'allow' ? 200 : 401, { 'content-length': ANSWER.length })
      res.end(ANSWER)
    }
  },
  forwarder: async () => {
    const gate = await openedGate()
    const forwarder = createForwarder(gate, { upstream: { url: upstream } })
    return async (req, res) => {
      const decision = await gate.authenticate(viewOf(req, gate.publicUrl))
      if (decision.outcome === 'allow') await forwarder.forward(req, res, decision.identity)
      else res.writeHead(401).end()
    }
  },
}

const listener = await variants[variant]?.()
if (listener === undefined) throw new Error(`no such variant: ${variant}`)
const server = createServer(listener)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  tell({ port: typeof address === 'object' ? address?.port : undefined, token, pid: process.pid })
})

/** @type {import('node:http').RequestListener} */
function answerAsUpstream(req, res) {
  if (req.url === '/.well-known/openid-configuration') {
    res.writeHead(200, { 'content-type': 'application/json' })
    res.end(JSON.stringify(describeProvider(`http://${req.headers.host}`)))
    return
  }
  if (req.url !== '/v1/events') {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length })
    res.end(ANSWER)
    return
  }
  // nginx would hold events back until it has a page of them.
  res.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
  const send = () => res.write(`data: ${process.hrtime.bigint()}\n\n`)
  send()
  const timer = setInterval(send, EVENTS_EVERY_MS)
  res.once('close', () => clearInterval(timer))
}

/**
 * Nobody logs in here, but the full gateway asks who its identity provider is.
 *
 * @param {string} issuer
 */
function describeProvider(issuer) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  }
}

async function openedGate() {
  const gate = await openGate(redisUrl === undefined ? memoryStore() : openRedisStore(redisUrl), secrets)
  token = (await issue(gate, { account: 'user@example.test' })).token
  return gate
}

/** What `undici.dispatch` alone can do: no header is looked at, nothing is broken off. */
function bareUndici() {
  /** @type {Client[]} */
  const idle = []
  /** @type {import('node:http').RequestListener} */
  return (req, res) => {
    const client = idle.pop() ?? new Client(upstream)
    const { url = '', method = 'GET' } = req
    client.dispatch(
      { path: url, method: /** @type {'GET'} */ (method), headers: req.headers },
      {
        onConnect() {},
        onHeaders(status, headers, resume) {
          res.on('drain', resume)
          res.writeHead(status, headers.map(String))
          return true
        },
        onData: (chunk) => res.write(chunk),
        onComplete() {
          idle.push(client)
          res.end()
        },
        onError: () => void res.destroy(),
      },
    )
  }
}
