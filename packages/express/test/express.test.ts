import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createGate, memoryStore } from '@portcullis/core'
import { adapterCases } from '@portcullis/core/testing'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { forwardTo, portcullis } from '../src/index.js'

async function listen(app: express.Express) {
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('the Express adapter', () => {
  const cases = adapterCases(async ({ gate, forwarder, bodyParserFirst, mountAt }) => {
    const app = express()
    if (bodyParserFirst) app.use(express.json())
    app.use(mountAt, portcullis(gate), forwardTo(forwarder))
    return listen(app)
  })
  for (const { name, run } of cases) it(name, run)

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
    app.use(forwardTo({ forward: async () => {}, close: async () => {} }))
    app.use(((error, _req, res, _next) => {
      handled.push(String(error))
      res.status(500).end()
    }) satisfies express.ErrorRequestHandler)
    const server = await listen(app)
    await fetch(`${server.origin}/x`)
    await server.close()
    expect(handled).toHaveLength(1)
  })
})
