import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { serviceActor } from '../../src/authorization/actor.js'
import { createGate } from '../../src/gate/create-gate.js'
import type { RouteContext } from '../../src/http/route.js'
import { listener } from '../../src/http/server/node.js'
import { memoryStore } from '../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { httpFixture, tokenOf } from '../http/http-fixture.js'
import { executedFiles } from './executed-files.js'

const page = readFileSync(new URL('../../../../docs/architecture.md', import.meta.url), 'utf8')

/** The files that the page names at the head of the lines of a numbered list. */
function walkOf(heading: string): readonly string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? ''
  return [...section.matchAll(/^\d+\. \*\*`([\w/.-]+)`\*\*/gm)].map(([, file]) => file as string)
}

/** The walk ends at the store, whichever `createGate` is given; a clock of a program's own is read through a file of its own. */
const PARTS_OF_THE_TEST = ['store/memory.ts', 'store/plan.ts', 'gate/clock.ts']
const withoutTest = (files: readonly string[]) => files.filter((file) => !PARTS_OF_THE_TEST.includes(file))

it('a warm request with a token runs the files that the page lists, twelve at most', async () => {
  const gate = await createGate({
    store: memoryStore(),
    publicUrl: 'http://localhost',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
  })
  const server = createServer(listener(gate, (_req, res, { email }) => res.end(email))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const issued = await gate.tokens.issue({ account: 'ada@example.com' })
  const authorization = `Bearer ${issued.ok ? issued.value.token : ''}`
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const call = async () => {
    const sent = request({
      agent,
      port,
      method: 'POST',
      path: '/v1/messages',
      headers: { authorization },
    }).end()
    const [response] = await once(sent, 'response')
    await once(response.resume(), 'end')
    expect(response.statusCode).toBe(200)
  }
  await call()
  await call()
  const files = withoutTest(await executedFiles(call))
  agent.destroy()
  server.close()
  await gate.close()
  const walk = walkOf('The way of a request')
  expect([...walk].sort()).toEqual(files)
  expect(walk.length).toBeLessThanOrEqual(12)
})

it('a revocation runs the files that the page lists, fifteen at most from its route to the store', async () => {
  let committed = () => {}
  const memory = memoryStore()
  const { context, table, call } = await httpFixture({
    clock: Date.now,
    store: {
      ...memory,
      commit(partition, batch) {
        const isRevocation = batch.writes.some((write) => 'put' in write && write.put.collection === 'tokens')
        if (isRevocation) committed()
        return memory.commit(partition, batch)
      },
    },
  })
  const headers = await tokenOf(context, 'ada@example.com', ['api', 'tokens:write'])
  // It is in use, so that the near cache knows it.
  for (let calls = 0; calls < 2; calls++)
    expect((await call('GET', '/api/token/list', { headers })).status).toBe(200)
  const [claims = ''] = Object.values(headers).map((value) => value.split('.')[1] ?? '')
  const { jti } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { jti: string }
  const route = table.routes.find(
    ({ method, path }) => method === 'DELETE' && path === '/api/admin/tokens/{token_id}',
  )
  const actor = serviceActor('service:test')
  const routeContext = {
    gate: context,
    actor,
    identity: { email: 'root@example.com' },
    params: { token_id: jti },
  }
  let answered: Promise<Response> | undefined
  const files = await executedFiles(
    () =>
      new Promise<void>((resolve) => {
        committed = resolve
        answered = route?.handle(routeContext as unknown as RouteContext)
      }),
  )
  expect((await answered)?.status).toBe(200)
  const walk = walkOf('The way of a revocation')
  expect([...walk].sort()).toEqual(withoutTest(files))
  expect(walk.length).toBeLessThanOrEqual(15)
})
