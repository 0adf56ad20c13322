import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createGate, type Identity, memoryStore } from '@portcullis/core'
import { type AdapterParts, adapterCases } from '@portcullis/core/testing'
import cors from 'cors'
import type { RequestHandler } from 'express'
import express from 'express'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { forwardTo, optional, portcullis, requireGroup, requireRole, requireScope } from '../src/index.js'

async function listen(app: express.Express) {
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const answerWho: RequestHandler = (req, res) => {
  expectTypeOf(req.portcullis).toEqualTypeOf<Identity | undefined>()
  res.json({ email: req.portcullis?.email ?? null })
}

function build(parts: AdapterParts): express.Express {
  const { gate, forwarder } = parts
  const app = express()
  if (parts.headersFirst)
    app.use((_req, res, next) => {
      res.set('x-earlier', 'kept').append('set-cookie', 'earlier=kept')
      next()
    })
  if (parts.corsFirst) app.use(cors())
  if (parts.bodyParserFirst) app.use(express.json())
  if (parts.routes === 'forwarded') return app.use(parts.mountAt, portcullis(gate), forwardTo(forwarder))
  return app
    .get('/alone', requireRole(gate, 'user'), answerWho)
    .use(optional(gate))
    .get('/open', answerWho)
    .get('/admins', requireRole(gate, 'admin'), answerWho)
    .get('/staff', requireGroup(gate, 'staff'), answerWho)
    .get('/reports', requireScope(gate, 'reports:read'), answerWho)
}

describe('the Express adapter', () => {
  for (const { name, run } of adapterCases((parts) => listen(build(parts)))) it(name, run)

  it('hands what it cannot handle to the error handler', async () => {
    const gate = await createGate({
      store: memoryStore(),
      publicUrl: 'http://localhost',
      secret: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u',
      keys: [{ algorithm: 'HS256', secret: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o' }],
    })
    const app = express()
    const handled: string[] = []
    const refuse = () => {
      throw new Error('broken')
    }
    app.use(portcullis({ ...gate, refuse }))
    app.use(forwardTo({ forward: async () => {} }))
    app.use(((error, _req, res, _next) => {
      handled.push(String(error))
      res.status(500).end()
    }) satisfies express.ErrorRequestHandler)
    const server = await listen(app)
    await fetch(`${server.origin}/x`)
    await server.close()
    expect(handled).toEqual(['Error: broken'])
  })

  it('says so when the forwarder is mounted without the gate', async () => {
    const app = express().use(forwardTo({ forward: async () => {} }))
    const handled: string[] = []
    app.use(((error, _req, res, _next) => {
      handled.push(String(error))
      res.status(500).end()
    }) satisfies express.ErrorRequestHandler)
    const server = await listen(app)
    expect((await fetch(`${server.origin}/x`)).status).toBe(500)
    await server.close()
    expect(handled.join()).toContain('Mount portcullis(gate)')
  })

  it('a role or a scope that nobody knows, or no gate, stops the start', async () => {
    const gate = await createGate({
      store: memoryStore(),
      publicUrl: 'http://localhost',
      secret: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u',
      keys: [{ algorithm: 'HS256', secret: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o' }],
    })
    const configurationInvalid = expect.objectContaining({ code: 'configuration_invalid' })
    const none = undefined as never
    expect(() => requireRole(gate, 'admni' as never)).toThrow(configurationInvalid)
    expect(() => requireScope(gate, 'no:such')).toThrow(configurationInvalid)
    expect(() => requireGroup(gate, none)).toThrow(configurationInvalid)
    expect(() => portcullis(none)).toThrow(configurationInvalid)
    expect(() => optional(none)).toThrow(configurationInvalid)
    await gate.close()
  })
})

it.each([undefined, null, {}, () => {}, 'http://127.0.0.1'])(
  'what is no forwarder is an error when it is mounted, not at the first request: %s',
  (forwarder) => {
    expect(() => forwardTo(forwarder as never)).toThrow(
      expect.objectContaining({
        code: 'configuration_invalid',
        problems: ['forwarder: give an object with forward'],
      }),
    )
  },
)
