import { lastUseOf, recentUses, touch } from '../activity/touch.js'
import { appendAudit, audited } from '../audit/append.js'
import { pickCredential } from '../authentication/authenticate.js'
import { refuseBanned } from '../authentication/judge.js'
import { actingAsService, auditedAs, refuseOver, serviceActor } from '../authorization/actor.js'
import { roleOfProgram } from '../authorization/roles.js'
import { chooseScopes, scopesToHandOn } from '../authorization/scopes.js'
import type { GateContext } from '../context/context.js'
import type { Sealer } from '../crypto/seal.js'
import { done, refused } from '../errors/outcome.js'
import { onceFor } from '../idempotency/once.js'
import { refuseEmailDomain } from '../login/email-domain.js'
import { bindCollection } from '../plugin/collection.js'
import {
  type PluginContext,
  type RecordsOfAccount,
  type RecordsOfPlace,
  withGateContext,
} from '../plugin/context.js'
import { issueRecord } from '../plugin/issue.js'
import { onceOfPlugin } from '../plugin/once.js'
import { pluginOperation } from '../plugin/operation.js'
import { type Plugin, type RunningPlugin, storedCollectionsOf } from '../plugin/plugin.js'
import { bindRecords, type RecordsPlace } from '../plugin/records.js'
import { isViewer, readStanding } from '../standing/standing.js'
import { collection, instant } from '../store/collection.js'
import { optimistically } from '../store/update.js'
import type { GateOperations } from './operations.js'
import { pluginAccounts } from './plugin-accounts.js'
import { pluginTokens } from './plugin-tokens.js'

/** What a plugin is given to start with; `running` are those that have started before it. */
export function bindPluginContext(
  gate: GateContext,
  operations: GateOperations,
  plugin: Plugin,
  running: readonly RunningPlugin[],
): PluginContext {
  const { name, auditActions = {}, gateActions = [], requires = [], actsAs = `service:${name}` } = plugin
  const placeOf = placesOf(gate, plugin)
  const nameOfAccountRecords = (named: string) => placeOf({ account: '' }).storedName(named)
  const actor = serviceActor(actsAs)
  const self = actingAsService(actsAs)
  const requireOwnAction = (action: string) => {
    if (!Object.hasOwn(auditActions, action) && !gateActions.some((known) => known === action))
      throw new UndeclaredError(`${name}: ${action} is not one of its audit actions`)
  }
  const context: PluginContext = {
    publicUrl: gate.options.publicUrl,
    scopes: Object.freeze(Object.keys(gate.options.scopes)),
    requiredScope: gate.options.requiredScope,
    clock: gate.clock,
    randomId: gate.randomId,
    collection(named, holds, of) {
      const { partition, isQuiet, isOfAccount, storedName } = placeOf(of)
      const stored = storedName(named)
      requireLoud(stored, isQuiet && isOfAccount, named)
      const { store, options } = gate
      return bindCollection({ store, options, partition, isQuiet }, collection(stored, holds))
    },
    records: (of?: RecordsOfAccount | RecordsOfPlace) => {
      const place = placeOf(of)
      const storedName = (named: string) => {
        const stored = place.storedName(named)
        requireLoud(stored, place.isQuiet && place.isOfAccount, named)
        return stored
      }
      return bindRecords(gate, { ...place, storedName })
    },
    optimistically: (busy, attempt) => optimistically(gate, busy, attempt),
    reportUnreadable: gate.reportUnreadable,
    issue: async (record) =>
      issueRecord(gate, { ...record, collection: nameOfAccountRecords(record.collection) }),
    async audit(recorded) {
      requireOwnAction(recorded.action)
      return appendAudit(gate, recorded)
    },
    async audited({ by, ...deed }, act) {
      requireOwnAction(deed.action)
      const { action, subject, details } = deed
      const recorded = { action, ...auditedAs(by), subject, ...(details === undefined ? {} : { details }) }
      return audited(gate, recorded, act)
    },
    once(request) {
      requireOwnAction(request.action)
      return onceOfPlugin(onceFor(gate, request), gate.partitionOf(request.account))
    },
    required<Api>(other: string) {
      const found = requires.includes(other) && running.find((one) => one.plugin.name === other)
      if (!found) throw new TypeError(`${name}: it does not say that it requires ${other}`)
      return found.started.api as Api
    },
    report: gate.report,
    reportOfStrangers: (event) => gate.strangers.report(event),
    operations,
    accounts: pluginAccounts(gate, actor),
    actor,
    self,
    operation: (inputs, act) => pluginOperation(gate, self, inputs, act),
    chooseScopes: (wish) => chooseScopes(gate, wish),
    scopesToHandOn: (identity) => scopesToHandOn(gate, identity),
    lastUses(named) {
      const uses = collection(nameOfAccountRecords(named), instant)
      requireLoud(uses.name, true, named)
      const recent = recentUses()
      return {
        note: (use) => touch(gate, recent, { ...use, uses }),
        async of(account, ids) {
          const found = await gate.store.read(gate.partitionOf(account), ids.map(uses.key))
          return found.map(lastUseOf)
        },
      }
    },
    identityProvider: gate.options.identityProvider,
    refuseEmailDomain: (email) => refuseEmailDomain(gate.options, email),
    bearerOf(view) {
      const picked = pickCredential(view, gate.credentialKinds)
      if (picked.by === 'refused') return { ok: false, denial: picked.denial }
      return picked.by === 'bearer' ? done(picked.credential) : refused('credentials_missing')
    },
    tokens: pluginTokens(gate, plugin, nameOfAccountRecords),
    rateLimits: gate.rateLimits,
    sealer: sealerOf(gate.sealer, plugin),
    partitionOf: gate.partitionOf,
    roleOf: gate.roleOf,
    roleOfProgram: (account, standing) => roleOfProgram(gate.roleOf(account), isViewer(gate, standing)),
    refuseOver: (by, account) => refuseOver(gate, by, account),
    async judge(account) {
      const { standing } = await readStanding(gate, gate.partitionOf(account))
      return refuseBanned(gate, standing)
    },
  }
  return withGateContext(Object.freeze(context), gate)

  function requireLoud(stored: string, isQuiet: boolean, named: string): void {
    if (isQuiet && gate.decisive.has(stored))
      throw new TypeError(`${name}: a decision reads ${named}, so no change of it is quiet`)
  }
}

/** Where the records of a plugin are. */
function placesOf(
  gate: GateContext,
  plugin: Plugin,
): (of: RecordsOfAccount | RecordsOfPlace | undefined) => RecordsPlace {
  const { name } = plugin
  const collections = storedCollectionsOf(plugin)
  const known = new Set([...collections.values()].flatMap(({ in: places = [] }) => places))
  return (of) => {
    const place = of && 'place' in of ? of.place : undefined
    if (place !== undefined && !known.has(place))
      throw new UndeclaredError(`${name}: ${place} is not one of its places`)
    return {
      partition: partitionFor(gate, name, of),
      isOfAccount: of !== undefined && 'account' in of,
      isQuiet: of?.isQuiet ?? !(of && 'account' in of),
      storedName(named) {
        const stored = collections.get(named)
        if (stored === undefined) throw new UndeclaredError(`${name}: ${named} is not one of its collections`)
        if (place === undefined ? stored.in !== undefined : !stored.in?.includes(place))
          throw new UndeclaredError(
            `${name}: ${named} is not kept ${place === undefined ? 'here' : `in ${place}`}`,
          )
        return stored.name
      },
    }
  }
}

function partitionFor(
  gate: GateContext,
  name: string,
  of: RecordsOfAccount | RecordsOfPlace | undefined,
): string {
  if (of === undefined) return `plugin-${name}`
  if ('account' in of) return gate.partitionOf(of.account)
  // No account can be spelled with a NUL, so no account shares a partition with one of these.
  return of.of ? gate.partitionOf([of.place, ...of.of].join('\u0000')) : of.place
}

/** A collection, a place or an audit action that a plugin uses and has not declared: a mistake in the plugin. */
class UndeclaredError extends TypeError {
  readonly code = 'configuration_invalid'
}

/** What one plugin has sealed opens for no other, nor for the gate. */
function sealerOf(sealer: Sealer, { name, sealingContexts = [] }: Plugin): Sealer {
  const isOlder = (context: string) => sealingContexts.some((known) => context.startsWith(`${known}:`))
  const contextOf = (context: string) => (isOlder(context) ? context : `plugin ${name} ${context}`)
  return {
    seal: (context, value) => sealer.seal(contextOf(context), value),
    open: (context, sealed) => sealer.open(contextOf(context), sealed),
  }
}
