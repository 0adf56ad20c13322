import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { bindContext } from '../../src/gate/bind-context.js'
import { createGate } from '../../src/gate/create-gate.js'
import type { Gate } from '../../src/gate/gate.js'
import { resolveOptions } from '../../src/gate/resolve-options.js'
import { startSession } from '../../src/sessions/start.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import { gateFixture, must, refusalOf, TestClock } from './gate-fixture.js'

const USER = 'user@example.com'
const BANNED = 'banned@example.com'
const PLACES = ['gate', 'gate-1', 'gate-2', 'gate-3', 'gate-4']
const ROOT_KEYS = { collection: 'gate', id: 'root-keys' }

const clock = new TestClock()
const emptyStore = () => memoryStore({ clock: clock.read })
const newSecret = () => randomBytes(32).toString('base64')

async function optionsOn(store: Store) {
  const { options } = await gateFixture({ clock: clock.read })
  return { ...options, store }
}

async function gateOn(store: Store, ...secrets: string[]): Promise<Gate> {
  return createGate({ ...(await optionsOn(store)), secret: secrets })
}

async function forget(store: Store, places: readonly string[]) {
  for (const place of places) await store.commit(place, { writes: [{ delete: ROOT_KEYS }] })
}

/** A store with one token that works, one account that is banned, and its audit entries. */
async function storeInUse(secret: string) {
  const store = emptyStore()
  const gate = await gateOn(store, secret)
  const { token } = must(await gate.tokens.issue({ account: USER }))
  must(await gate.standing.ban({ account: BANNED, by: { service: 'test' } }))
  return { store, token }
}

async function expectAllInForce(gate: Gate, token: string) {
  const decision = await gate.authenticate({ method: 'GET', target: '/', rawHeaders: ['x-api-key', token] })
  expect(decision.outcome).toBe('allow')
  expect(refusalOf(await gate.tokens.issue({ account: BANNED }))).toBe('account_banned')
  expect(await gate.audit.verify()).toMatchObject({ intact: true })
}

describe('the secrets of a gate', () => {
  it('the oldest can be retired: tokens, bans and the audit chain go on', async () => {
    const [first, second, third] = [newSecret(), newSecret(), newSecret()]
    const { store, token } = await storeInUse(first)
    await expectAllInForce(await gateOn(store, second, first), token)
    await expectAllInForce(await gateOn(store, second), token)
    await expectAllInForce(await gateOn(store, third, second), token)
    await expectAllInForce(await gateOn(store, third), token)
  })

  it('a retired one opens nothing any more', async () => {
    const [first, second] = [newSecret(), newSecret()]
    const { store } = await storeInUse(first)
    await gateOn(store, second, first)
    await expect(gateOn(store, first)).rejects.toMatchObject({ code: 'configuration_invalid' })
  })

  it('a new one may be made known behind the old one first, for a rollout in steps', async () => {
    const [first, second] = [newSecret(), newSecret()]
    const { store, token } = await storeInUse(first)
    await expectAllInForce(await gateOn(store, first, second), token)
    await expectAllInForce(await gateOn(store, second, first), token)
    await expectAllInForce(await gateOn(store, first, second), token)
  })

  it('a gate does not start on the records of another secret, since it would find no ban', async () => {
    const { store } = await storeInUse(newSecret())
    await expect(gateOn(store, newSecret())).rejects.toMatchObject({
      code: 'configuration_invalid',
      problems: [expect.stringContaining('another secret')],
    })
  })

  it('of two gates that start on an empty store at once, both find the same records', async () => {
    const store = emptyStore()
    const [first, second] = [newSecret(), newSecret()]
    const gates = await Promise.all([gateOn(store, first, second), gateOn(store, second, first)])
    must(await gates[0].standing.ban({ account: BANNED, by: { service: 'test' } }))
    for (const gate of gates)
      expect(refusalOf(await gate.tokens.issue({ account: BANNED }))).toBe('account_banned')
  })

  for (const lost of PLACES)
    it(`losing the slot of ${lost} loses no record: the copies restore it`, async () => {
      const [first, second] = [newSecret(), newSecret()]
      const { store, token } = await storeInUse(first)
      await gateOn(store, second, first)
      await forget(store, [lost])
      await expectAllInForce(await gateOn(store, second), token)
      await forget(
        store,
        PLACES.filter((place) => place !== lost),
      )
      await expectAllInForce(await gateOn(store, second), token)
    })

  it('when every copy is lost, the very first secret finds the records, and nobody starts without it', async () => {
    const [first, second] = [newSecret(), newSecret()]
    const { store, token } = await storeInUse(first)
    await gateOn(store, second, first)
    await forget(store, PLACES)
    await expect(gateOn(store, second)).rejects.toMatchObject({
      problems: [expect.stringContaining('the very first secret')],
    })
    await expectAllInForce(await gateOn(store, second, first), token)
    await expectAllInForce(await gateOn(store, second), token)
  })

  it('sessions alone are enough to tell that the keys of a store are gone', async () => {
    const store = emptyStore()
    const secret = newSecret()
    const context = await bindContext(resolveOptions({ ...(await optionsOn(store)), secret }))
    const facts = { email: USER, groups: [], issuer: 'https://idp.test', subject: 'u', idToken: 't' }
    must(await startSession(context, facts))
    await forget(store, PLACES)
    await expect(gateOn(store, newSecret())).rejects.toMatchObject({ code: 'configuration_invalid' })
    await gateOn(store, secret)
  })

  it('records of two stores that were mixed stop the start', async () => {
    const secret = newSecret()
    const { store } = await storeInUse(secret)
    const other = await storeInUse(newSecret())
    const [foreign] = await other.store.read('gate', [ROOT_KEYS])
    await store.commit('gate-2', { writes: [{ put: ROOT_KEYS, value: foreign?.value ?? null }] })
    await expect(gateOn(store, secret)).rejects.toMatchObject({ code: 'configuration_invalid' })
  })

  it('what is at rest tells nothing of the keys', async () => {
    const { store } = await storeInUse(newSecret())
    const [record] = await store.read('gate', [ROOT_KEYS])
    expect(JSON.stringify(record?.value)).not.toMatch(/partition|audit/)
  })

  it('a store that takes no writes now does not stop a start; the operator is told to keep the old secret', async () => {
    const [first, second] = [newSecret(), newSecret()]
    const { store, token } = await storeInUse(first)
    const readOnly: Store = { ...store, commit: () => Promise.reject(new Error('full')) }
    const events: string[] = []
    const gate = await createGate({
      ...(await optionsOn(readOnly)),
      secret: [second, first],
      onEvent: ({ code }) => events.push(code),
    })
    const decision = await gate.authenticate({ method: 'GET', target: '/', rawHeaders: ['x-api-key', token] })
    expect(decision.outcome).toBe('allow')
    expect(events).toContain('root_keys_unsealed')
  })
})
