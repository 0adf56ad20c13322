import { createServer } from 'node:http'
import { expect, it } from 'vitest'
import type { CredentialKind } from '../../src/authentication/credential-kind.js'
import { createGate } from '../../src/gate/create-gate.js'
import { guardServer } from '../../src/http/server/guard-server.js'
import { listener } from '../../src/http/server/node.js'
import { createForwarder } from '../../src/proxy/forwarder.js'
import type { ForwardOptions } from '../../src/proxy/options.js'
import { memoryStore } from '../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from '../gate/gate-fixture.js'
import { afterwards, call, listen, startUpstream } from '../proxy/harness.js'
import { isRobot, robots, USER } from './credential-kinds.fixture.js'

const open = (more: Partial<CredentialKind> = {}) =>
  createGate({
    store: memoryStore(),
    publicUrl: 'http://localhost',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    plugins: [robots(more)],
  })

async function start(options: Partial<ForwardOptions> = {}) {
  const gate = await open()
  afterwards(() => gate.close())
  const { context } = gate.robots
  await context.collection('robots', isRobot, { account: USER }).put({ id: 'r1', value: { createdAt: 0 } })
  const upstream = await startUpstream()
  const forwarder = createForwarder(gate, { upstream: { url: upstream.url }, ...options })
  afterwards(() => forwarder.close())
  const server = createServer(listener(gate, (req, res, who) => forwarder.forward(req, res, who)))
  guardServer(server, gate, { upgrade: forwarder.upgrade })
  return { gate, upstream, port: await listen(server) }
}

it('the credential of a kind that a plugin brings is not sent to the upstream, in any spelling of its header', async () => {
  const { upstream, port } = await start()
  const headers = { 'x-robot': 'r1', x_robot: 'r1', 'x-other': 'stays' }
  expect((await call(port, { path: '/a', headers })).status).toBe(200)
  expect(upstream.received[0]?.headers).toMatchObject({ 'x-other': 'stays' })
  expect(JSON.stringify(upstream.received)).not.toContain('r1')
})

it('no admission sees it', async () => {
  const seen: object[] = []
  const admissions = [
    { name: 'noting', admit: ({ headers }: { headers: object }) => void seen.push(headers) },
  ]
  const { port } = await start({ admissions })
  await call(port, { path: '/a', headers: { 'x-robot': 'r1' } })
  expect(seen).toHaveLength(1)
  expect(JSON.stringify(seen)).not.toContain('r1')
})

it.each<[string, Partial<ForwardOptions>]>([
  ['let through', { allowRequestHeaders: ['X-Robot'] }],
  ['named for the identity', { identityHeaders: { 'x-robot': 'email' } }],
])('a forwarder does not start where it is %s', async (_, options) => {
  await expect(start(options)).rejects.toMatchObject({ code: 'configuration_invalid' })
})

it('a pattern that covers it does not let it through', async () => {
  const { upstream, port } = await start({ allowRequestHeaders: ['x-r*'] })
  await call(port, { path: '/a', headers: { 'x-robot': 'r1' } })
  expect(upstream.received).toHaveLength(1)
  expect(JSON.stringify(upstream.received)).not.toContain('r1')
})

it('a proxy of one’s own is told what not to send on', async () => {
  const { gate } = await start()
  expect(gate.credentialHeaders).toEqual(['authorization', 'x-api-key', 'x-robot', 'cookie'])
})

it.each([[undefined], ['x-robot'], [['x robot']], [['x-*']]])(
  'a kind that picks its credential and names its headers as %j stops the start',
  async (headers) => {
    await expect(open({ headers: headers as never })).rejects.toMatchObject({
      code: 'configuration_invalid',
      problems: [expect.stringMatching(/^robots: the kind robot: headers/)],
    })
  },
)

it('a kind is asked about no request without one of its headers', async () => {
  let asked = 0
  const gate = await open({
    pick: () => {
      asked += 1
      return undefined
    },
  })
  afterwards(() => gate.close())
  const ask = (name: string) => gate.authenticate({ method: 'GET', target: '/', rawHeaders: [name, 'a'] })
  await ask('x-other')
  expect(asked).toBe(0)
  await ask('X-ROBOT')
  expect(asked).toBe(1)
})
