import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { bodyParser } from '@koa/bodyparser'
import cors from '@koa/cors'
import { createGate, type Identity, memoryStore } from '@portcullis/core'
import { type AdapterParts, adapterCases } from '@portcullis/core/testing'
import type { Middleware } from 'koa'
import Koa from 'koa'
import mount from 'koa-mount'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { forwardTo, optional, portcullis, requireGroup, requireRole, requireScope } from '../src/index.js'

async function listen(app: Koa) {
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

const answerWho: Middleware = (ctx) => {
  expectTypeOf(ctx.state.portcullis).toEqualTypeOf<Identity | undefined>()
  ctx.body = { email: ctx.state.portcullis?.email ?? null }
}

/** One route, without a router. */
const at =
  (path: string, ...[first, second]: [Middleware, Middleware?]): Middleware =>
  (ctx, next) => {
    if (ctx.path !== path) return next()
    return first(ctx, () => Promise.resolve(second?.(ctx, next)))
  }

function build(parts: AdapterParts): Koa {
  const { gate, forwarder } = parts
  const app = new Koa()
  if (parts.headersFirst)
    app.use((ctx, next) => {
      ctx.set('x-earlier', 'kept')
      ctx.append('set-cookie', 'earlier=kept')
      return next()
    })
  if (parts.corsFirst) app.use(cors())
  if (parts.bodyParserFirst) app.use(bodyParser())
  if (parts.routes === 'forwarded')
    return app.use(mount(parts.mountAt, portcullis(gate))).use(mount(parts.mountAt, forwardTo(forwarder)))
  return app
    .use(at('/alone', requireRole(gate, 'user'), answerWho))
    .use(optional(gate))
    .use(at('/open', answerWho))
    .use(at('/admins', requireRole(gate, 'admin'), answerWho))
    .use(at('/staff', requireGroup(gate, 'staff'), answerWho))
    .use(at('/reports', requireScope(gate, 'reports:read'), answerWho))
}

describe('the Koa adapter', () => {
  for (const { name, run } of adapterCases((parts) => listen(build(parts)))) it(name, run)

  it('throws what it cannot handle, as Koa expects', async () => {
    const gate = await createGate({
      store: memoryStore(),
      publicUrl: 'http://localhost',
      secret: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u',
      keys: [{ algorithm: 'HS256', secret: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o' }],
    })
    const refuse = () => {
      throw new Error('broken')
    }
    const app = new Koa().use(portcullis({ ...gate, refuse }))
    const handled: string[] = []
    app.on('error', (error) => handled.push(String(error)))
    const server = await listen(app)
    expect((await fetch(`${server.origin}/x`)).status).toBe(500)
    await server.close()
    expect(handled).toEqual(['Error: broken'])
  })

  it('says so when the forwarder is mounted without the gate', async () => {
    const app = new Koa().use(forwardTo({ forward: async () => {} }))
    const handled: string[] = []
    app.on('error', (error) => handled.push(String(error)))
    const server = await listen(app)
    expect((await fetch(`${server.origin}/x`)).status).toBe(500)
    await server.close()
    expect(handled.join()).toContain('Mount portcullis(gate)')
  })

  it('middleware outside of the gate sees the status of its answers', async () => {
    const gate = await createGate({
      store: memoryStore(),
      publicUrl: 'http://localhost',
      secret: 'p8Xw2LqV7nRt4KzB9mJc6HsDy3GfEa5u',
      keys: [{ algorithm: 'HS256', secret: 'Zt6NvQ1xWk8RbM4yLp7JhC2sGd9FeA3o' }],
    })
    const statuses: number[] = []
    const app = new Koa().use(async (ctx, next) => {
      await next()
      statuses.push(ctx.status)
    })
    const server = await listen(app.use(portcullis(gate)))
    await fetch(`${server.origin}/x`)
    await server.close()
    expect(statuses).toEqual([401])
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
