import type { AuditEntry, AuditedAction } from '../audit/entry.js'
import type { Role } from '../authorization/roles.js'
import type { Deps } from '../context/context.js'
import type { GateEvent } from '../context/event.js'
import type { Sealer } from '../crypto/seal.js'
import type { Denial } from '../errors/denials.js'
import type { GateVerbs } from '../gate/operations.js'
import type { RateLimiter } from '../rate-limit/limiter.js'
import type { Clock, JsonValue } from '../store/store.js'
import type { Collection } from './collection.js'
import type { PluginTokens } from './tokens.js'

/** What a plugin gets of the gate that it is part of. */
export interface PluginContext {
  /** Origin, without a trailing slash. */
  readonly publicUrl: string
  /** The time by which credentials expire. Use no other. */
  readonly clock: Clock
  /** Unguessable bytes, base64url. */
  readonly randomId: (bytes: number) => string
  /**
   * Records of its own: those of the plugin as a whole, or with `account` those that it keeps about one account. `holds`
   * says what a record is. Throws a `TypeError` for a name that is not one of its `collections`.
   */
  collection<Value extends JsonValue>(
    name: string,
    holds: (value: unknown) => value is Value,
    of?: { readonly account: string },
  ): Collection<Value>
  /**
   * Appends to the audit log; await it before the change that it records, so that what cannot be audited does not happen.
   * Rejects with `store_unavailable`, and with a `TypeError` for an action that is not one of its `auditActions`.
   */
  audit(recorded: AuditedAction): Promise<AuditEntry>
  /** The `api` of a plugin that this one `requires`. Throws a `TypeError` for any other. */
  required<Api>(name: string): Api
  /** Tells the gate's `onEvent`. Never throws. */
  readonly report: (event: GateEvent) => void
  /** As `report`, at most once a second for each code: for what strangers can cause. */
  readonly reportOfStrangers: (event: GateEvent) => void
  /** What the gate can do, as its holder can: tokens, sessions, bans, the audit log. */
  readonly operations: GateVerbs
  /** Tokens of the gate for grants that the plugin keeps, and JWTs of its own. */
  readonly tokens: PluginTokens
  /** Counts a client against one of the gate's limits. */
  readonly rateLimits: RateLimiter
  /** Encrypts what the store or a browser keeps for the plugin; nobody else's values open. */
  readonly sealer: Sealer
  /** The partition of an account; a name for logs and metrics that tells nobody which account it is. */
  readonly partitionOf: (account: string) => string
  /** The role that the options give an account; groups of a session give none here. */
  readonly roleOf: (account: string) => Role
  /**
   * Why nothing may be done for this account now, whatever credential is at hand: `account_banned`; undefined where
   * nothing speaks against it.
   */
  judge(account: string): Promise<Denial | undefined>
}

const insides = new WeakMap<PluginContext, Deps>()

/** For the gate: what the plugins that core ships with work on beside the contract. */
export function withInsides(context: PluginContext, deps: Deps): PluginContext {
  insides.set(context, deps)
  return context
}

/** What core's own functions work with; for plugins that core ships with, in whose place others have `operations`. */
export function depsOf(context: PluginContext): Deps {
  const deps = insides.get(context)
  if (!deps) throw new TypeError('not the context of a gate')
  return deps
}
