import fastifyCors from '@fastify/cors'
import middie from '@fastify/middie'
import { createGate, type Gate, type Identity, memoryStore } from '@portcullis/core'
import { type AdapterParts, type AdapterServer, adapterCases } from '@portcullis/core/testing'
import express from 'express'
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { forwardTo, optional, portcullis, requireGroup, requireRole, requireScope } from '../src/index.js'

async function listen(app: FastifyInstance): Promise<AdapterServer> {
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    origin,
    server: app.server,
    close() {
      app.server.closeAllConnections()
      return app.close()
    },
  }
}

async function answerWho(request: FastifyRequest) {
  expectTypeOf(request.portcullis).toEqualTypeOf<Identity | null>()
  return { email: request.portcullis?.email ?? null }
}

async function build(parts: AdapterParts): Promise<FastifyInstance> {
  const { gate, forwarder } = parts
  const app = Fastify()
  if (parts.headersFirst)
    app.addHook('onRequest', async (_request: FastifyRequest, reply: FastifyReply) => {
      reply.header('x-earlier', 'kept').header('set-cookie', 'earlier=kept')
    })
  if (parts.corsFirst) await app.register(fastifyCors)
  if (parts.bodyParserFirst) {
    await app.register(middie)
    app.use(express.json())
  }
  const prefix = parts.mountAt === '/' ? '' : parts.mountAt
  if (parts.routes === 'guarded') mountGuards(app, gate)
  else if (prefix === '') app.register(portcullis(gate)).register(forwardTo(forwarder))
  else app.register(under(portcullis(gate), forwardTo(forwarder)), { prefix })
  return app
}

/** Several plugins as one, for a scope of their own. */
function under(...plugins: FastifyPluginCallback[]): FastifyPluginCallback {
  return (scope, _options, done) => {
    for (const plugin of plugins) scope.register(plugin)
    done()
  }
}

function mountGuards(app: FastifyInstance, gate: Gate): void {
  app.get('/alone', { onRequest: requireRole(gate, 'user') }, answerWho)
  app.register(
    under(optional(gate), (scope, _options, done) => {
      scope.get('/open', answerWho)
      scope.get('/admins', { onRequest: requireRole(gate, 'admin') }, answerWho)
      scope.get('/staff', { onRequest: requireGroup(gate, 'staff') }, answerWho)
      scope.get('/reports', { onRequest: requireScope(gate, 'reports:read') }, answerWho)
      scope.get('/*', answerWho)
      done()
    }),
  )
}

const openGate = () =>
  createGate({
    store: memoryStore(),
    publicUrl: 'http://localhost',
    secret: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u',
    keys: [{ algorithm: 'HS256', secret: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o' }],
  })

describe('the Fastify adapter', () => {
  for (const { name, run } of adapterCases(async (parts) => listen(await build(parts)))) it(name, run)

  it('hands what it cannot handle to the error handler', async () => {
    const handled: string[] = []
    const refuse = () => {
      throw new Error('broken')
    }
    const app = Fastify()
    app.register(portcullis({ ...(await openGate()), refuse }))
    app.setErrorHandler((error, _request, reply) => {
      handled.push(String(error))
      return reply.code(500).send()
    })
    const server = await listen(app)
    expect((await fetch(`${server.origin}/x`)).status).toBe(500)
    await server.close()
    expect(handled).toEqual(['Error: broken'])
  })

  it('says so when the forwarder is registered without the gate', async () => {
    const handled: string[] = []
    const app = Fastify()
    app.setErrorHandler((error, _request, reply) => {
      handled.push(String(error))
      return reply.code(500).send()
    })
    app.register(forwardTo({ forward: async () => {} }))
    const server = await listen(app)
    expect((await fetch(`${server.origin}/x`)).status).toBe(500)
    await server.close()
    expect(handled.join()).toContain('Register portcullis(gate)')
  })

  it('a path that no route takes is refused to strangers before anybody learns that', async () => {
    const app = Fastify()
    app.register(portcullis(await openGate()))
    const server = await listen(app)
    expect((await fetch(`${server.origin}/nowhere`)).status).toBe(401)
    await server.close()
  })

  it('gates in scopes of their own stand beside each other', async () => {
    const gate = await openGate()
    const app = Fastify()
    const answering = (path: string): FastifyPluginCallback => {
      return (scope, _options, done) => {
        scope.get(path, answerWho)
        done()
      }
    }
    app.register(under(portcullis(gate), answering('/closed')))
    app.register(under(optional(gate), answering('/open')))
    app.get('/free', async () => 'free')
    const server = await listen(app)
    const statuses = ['/closed', '/open', '/free'].map(
      async (path) => (await fetch(server.origin + path)).status,
    )
    expect(await Promise.all(statuses)).toEqual([401, 200, 200])
    await server.close()
  })

  it('a role or a scope that nobody knows, or no gate, stops the start', async () => {
    const gate = await openGate()
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
