import { apiKeys } from '../../src/api-keys/plugin.js'
import type { Identity } from '../../src/authentication/identity.js'
import { type Actor, serviceActor } from '../../src/authorization/actor.js'
import { backChannelLogout } from '../../src/back-channel-logout/plugin.js'
import type { GateContext } from '../../src/context/context.js'
import type { GateEvent } from '../../src/context/event.js'
import { device } from '../../src/device/plugin.js'
import type { DeviceContext } from '../../src/device/request.js'
import { bindContext } from '../../src/gate/bind-context.js'
import type { GateOptions } from '../../src/gate/gate-options.js'
import { bindOperations } from '../../src/gate/operations.js'
import { bindPluginContext } from '../../src/gate/plugin-context.js'
import { resolveOptions } from '../../src/gate/resolve-options.js'
import { type RunningPlugins, startPlugins } from '../../src/gate/start-plugins.js'
import { approvalBy } from '../../src/oauth/approval.js'
import { type ApprovalToRedeem, redeemApproval } from '../../src/oauth/redeem-approval.js'
import type { PluginContext } from '../../src/plugin/context.js'
import type { Plugin } from '../../src/plugin/plugin.js'
import { scim } from '../../src/scim/plugin.js'
import { memoryStore } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'

export const SECRET = 'f3Yq0wXn7ZrT5kLb2VhJ8cPdGm4sQaEu'
export const SIGNING_SECRET = 'Jw6TzBq1Rv8NxK3mHy5LcGd0SfPa9EuO'

/** A program that holds the gate. */
export const PROGRAM = serviceActor('service:test')

const ROLES_OF: Record<string, Actor['role']> = {
  'root@example.com': 'super_admin',
  'second@example.com': 'super_admin',
  'admin@example.com': 'admin',
}

/** An account of the fixture at its browser, with the role that the fixture gives it. */
export function actingAs(account: string): Actor {
  return { account, role: ROLES_OF[account] ?? 'user', credential: 'session' }
}

/** A clock that only the test moves. */
export class TestClock {
  now = Date.UTC(2026, 0, 1)
  readonly read = () => this.now
  advance(milliseconds: number) {
    this.now += milliseconds
  }
}

export interface GateFixture {
  readonly context: GateContext
  readonly clock: TestClock
  readonly store: Store
  readonly events: GateEvent[]
  readonly options: GateOptions
  readonly plugins: RunningPlugins
}

/**
 * What operations work with, on a memory store unless told otherwise, with API keys, two super admins and one admin. `addedKinds`:
 * credentials beside those of the gate.
 */
export async function gateFixture(
  overrides: Partial<GateOptions> = {},
  addedKinds: Parameters<typeof bindContext>[1] = [],
): Promise<GateFixture> {
  const clock = new TestClock()
  const events: GateEvent[] = []
  const store = overrides.store ?? memoryStore({ clock: clock.read })
  const options: GateOptions = {
    publicUrl: 'https://gate.test',
    secret: SECRET,
    keys: [{ algorithm: 'HS256', secret: SIGNING_SECRET }],
    superAdmins: ['root@example.com', 'second@example.com'],
    admins: ['admin@example.com'],
    clock: clock.read,
    onEvent: (event) => events.push(event),
    plugins: [apiKeys()],
    ...overrides,
    store,
  }
  const context = await bindContext(resolveOptions(options), addedKinds)
  const plugins = await startPlugins(context, bindOperations(context), options.plugins ?? [])
  return { context, clock, store, events, options, plugins }
}

/** What a plugin of this gate works with. */
export function contextOfPlugin(context: GateContext, plugin: Plugin): PluginContext {
  return bindPluginContext(context, bindOperations(context), plugin, [])
}

/** What API keys of this gate work with. */
export function apiKeysOf(context: GateContext): PluginContext {
  return contextOfPlugin(context, apiKeys())
}

/** What the directory of this gate works with. */
export function scimOf(context: GateContext): PluginContext {
  return contextOfPlugin(context, scim({ secret: 'b1vTqX8sRkM4wYzN6cJd9hLf2gPa7uEo' }))
}

/** What back-channel logout at this gate works with. */
export function backChannelLogoutOf(context: GateContext): PluginContext {
  return contextOfPlugin(context, backChannelLogout())
}

/** What the device flow of this gate works with. */
export function deviceOf(context: GateContext): DeviceContext {
  const server = {
    approve: (identity: Identity) => approvalBy(context, identity),
    redeem: (approval: ApprovalToRedeem) => redeemApproval(context, approval),
  }
  return { ...contextOfPlugin(context, device()), server }
}

/** The store with chosen methods replaced, for faults; what a gate reads and writes of its own as it starts goes well. */
export function withFaults(store: Store, faults: Partial<Store>): Store {
  const sound: Store = {
    read: (...input) => store.read(...input),
    commit: (...input) => store.commit(...input),
    page: (...input) => store.page(...input),
    count: (...input) => store.count(...input),
    health: () => store.health(),
    close: () => store.close(),
  }
  const faulty = { ...sound, ...faults }
  const at = (partition: string) => (partition.startsWith('gate') ? sound : faulty)
  return {
    ...faulty,
    read: (partition, ...input) => at(partition).read(partition, ...input),
    commit: (partition, ...input) => at(partition).commit(partition, ...input),
    page: (partition, ...input) => at(partition).page(partition, ...input),
    count: (partition, ...input) => at(partition).count(partition, ...input),
  }
}

export function must<T>(outcome: { ok: true; value: T } | { ok: false; denial: { code: string } }): T {
  if (!outcome.ok) throw new Error(`refused: ${outcome.denial.code}`)
  return outcome.value
}

export function refusalOf(
  outcome: { ok: true } | { ok: false; denial: { code: string } },
): string | undefined {
  return outcome.ok ? undefined : outcome.denial.code
}
