import { createServer } from 'node:http'
import { expect, it } from 'vitest'
import { PortcullisError } from '../../../src/errors/portcullis-error.js'
import { createGate } from '../../../src/gate/create-gate.js'
import { guardExpectations } from '../../../src/http/server/expectations.js'
import { guardServer } from '../../../src/http/server/guard-server.js'
import { guardUpgrades } from '../../../src/http/server/upgrades.js'
import { memoryStore } from '../../../src/store/memory.js'
import { SECRET, SIGNING_SECRET } from '../../gate/gate-fixture.js'

const gate = await createGate({
  store: memoryStore(),
  publicUrl: 'http://localhost',
  secret: SECRET,
  keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
})

function problemsOf(guard: () => unknown): readonly string[] {
  try {
    guard()
    return []
  } catch (error) {
    return error instanceof PortcullisError ? error.problems : ['something else']
  }
}

it('the application of a framework in place of the server is an error, not a guard that never runs', () => {
  const app = createServer().listeners as never
  expect(problemsOf(() => guardServer(app, gate))).toEqual([expect.stringMatching(/^server: /)])
  expect(problemsOf(() => guardExpectations(app, gate))).toHaveLength(1)
  expect(problemsOf(() => guardUpgrades(app, gate, () => {}))).toHaveLength(1)
  const upgrades = { upgrades: () => {} } as never
  expect(problemsOf(() => guardServer(app, {} as never, upgrades))).toEqual([
    expect.stringMatching(/^guards.upgrades: unknown; upgrade/),
    expect.stringMatching(/^server: /),
    expect.stringMatching(/^gate: /),
  ])
})

it('a guard that is stopped leaves the server as it was', () => {
  const server = createServer()
  const names = () => server.eventNames().map(String).sort()
  const before = names()
  const stop = guardServer(server, gate, { upgrade: () => {} })
  expect(names()).toEqual(expect.arrayContaining(['checkContinue', 'upgrade']))
  stop()
  expect(names()).toEqual(before)
})
