// One server of the comparison, chosen by name.
import { Agent, createServer } from 'node:http'
import { createForwarder } from '@portcullis/core/proxy'
import { forwardTo, portcullis } from '@portcullis/express'
import express from 'express'
import { createProxyServer } from 'http-proxy'
import { Redis } from 'ioredis'
import { joseVerifier, openGate, openRedisStore } from '../gate.mjs'
import { readOptions, tell } from './parent.mjs'

/**
 * @typedef {object} ServerOptions
 * @property {string} variant
 * @property {string} redisUrl
 * @property {import('../gate.mjs').Secrets} secrets
 * @property {string} [upstream] URL
 */

/** @type {ServerOptions} */
const { variant, redisUrl, secrets, upstream = '' } = readOptions()

/** @type {Record<string, () => import('node:http').RequestListener | Promise<import('node:http').RequestListener>>} */
const variants = {
  upstream: () => (_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': 11 })
    res.end('{"ok":true}')
  },
  bare: () => withHandler(express()),
  portcullis: async () => withHandler(express().use(portcullis(await sharedGate()))),
  handwritten: () => withHandler(express().use(handwritten())),
  'bare-proxy': () => express().use(bareProxy()),
  'portcullis-proxy': async () => {
    const gate = await sharedGate()
    const forwarder = createForwarder(gate, { upstream: { url: upstream } })
    return express().use(portcullis(gate)).use(forwardTo(forwarder))
  },
}

const listener = await variants[variant]?.()
if (listener === undefined) throw new Error(`no such variant: ${variant}`)
const server = createServer(listener)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  tell({ port: typeof address === 'object' ? address?.port : undefined })
})

/** @param {import('express').Express} app */
function withHandler(app) {
  return app.get('/v1/models', (_req, res) => void res.json({ ok: true }))
}

function sharedGate() {
  return openGate(openRedisStore(redisUrl), secrets)
}

/**
 * What people write themselves: the signature by jose, then one look whether the token was revoked.
 *
 * @returns {import('express').RequestHandler}
 */
function handwritten() {
  const verify = joseVerifier(secrets)
  const redis = new Redis(redisUrl, { enableAutoPipelining: true })
  return async (req, res, next) => {
    const token = req.get('authorization')?.replace(/^Bearer /, '') ?? ''
    try {
      const { payload } = await verify(token)
      if (await redis.get(`revoked:${payload.jti}`)) return void res.status(401).end()
    } catch {
      return void res.status(401).end()
    }
    next()
  }
}

/** @returns {import('express').RequestHandler} */
function bareProxy() {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256, scheduling: 'lifo' })
  const proxy = createProxyServer({ target: upstream, agent })
  proxy.on('error', (error) => {
    throw error
  })
  return (req, res) => proxy.web(req, res)
}
