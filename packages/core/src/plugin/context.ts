import type { AuditEntry, AuditedAction } from '../audit/entry.js'
import type { Actor } from '../authorization/actor.js'
import type { Role } from '../authorization/roles.js'
import type { GateContext } from '../context/context.js'
import type { GateEvent } from '../context/event.js'
import type { Sealer } from '../crypto/seal.js'
import type { Denial } from '../errors/denials.js'
import type { Outcome } from '../errors/outcome.js'
import type { GateOperations } from '../gate/operations.js'
import type { RateLimiter } from '../rate-limit/limiter.js'
import type { Storable } from '../store/collection.js'
import type { Clock } from '../store/store.js'
import type { BoundCollection } from './collection.js'
import type { RecordToIssue } from './issue.js'
import type { PluginTokens } from './tokens.js'

/** Whose records, and how. */
export interface RecordsOfAccount {
  readonly account: string
  /**
   * No decision reads them, such as when something was last used: other processes are not told of a change, and go on with
   * what they know of the account. Default false.
   */
  readonly isQuiet?: boolean
}

/** What a plugin gets of the gate that it is part of. */
export interface PluginContext {
  /** Origin, without a trailing slash. */
  readonly publicUrl: string
  /** Every scope that a credential may carry: the built-in ones, those of the options and of all plugins. */
  readonly scopes: readonly string[]
  /** The scope that a call to what is behind the gate needs. */
  readonly requiredScope: string
  /** The time by which credentials expire. Use no other. */
  readonly clock: Clock
  /** Unguessable bytes, base64url. */
  readonly randomId: (bytes: number) => string
  /**
   * Records of its own: those of the plugin as a whole, or with `account` those that it keeps about one account. `holds`
   * says what a record is. Throws a `TypeError` for a name that is not one of its `collections`, and for quiet records of a
   * credential kind.
   */
  collection<Value extends Storable<Value>>(
    name: string,
    holds: (value: unknown) => value is Value,
    of?: RecordsOfAccount,
  ): BoundCollection<Value>
  /**
   * Creates the record of a credential in one commit under the standing of its account: a ban that comes first refuses it,
   * `account_banned`, and what ends all tokens of the account later ends what keeps `tokenGeneration` in its record and
   * tells it the judge in `issued`. False, and nothing stored, where a record of this id is there already. Rejects with
   * `store_unavailable`, and with a `TypeError` for a collection that is not one of its own.
   */
  issue<Value extends Storable<Value>>(record: RecordToIssue<Value>): Promise<Outcome<boolean>>
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
  readonly operations: GateOperations
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
   * Why an actor, such as that of a route's call, may do nothing to what an account has: `role_insufficient` over another
   * account for whoever is no admin, `super_admin_protected` over a super admin for whoever is none. Ask it before a plugin
   * changes or shows anything of an account that the request names. One's own account, as a credential of a plugin's kind or
   * of a trusted issuer names it, counts as another.
   */
  refuseOver(by: Actor, account: string): Denial | undefined
  /**
   * Why nothing may be done for this account now, whatever credential is at hand: `account_banned`; undefined where
   * nothing speaks against it.
   */
  judge(account: string): Promise<Denial | undefined>
}

const insides = new WeakMap<PluginContext, GateContext>()

/** For the gate: what the plugins that core ships with work on beside the contract. */
export function withInsides(context: PluginContext, gate: GateContext): PluginContext {
  insides.set(context, gate)
  return context
}

/** What core's own functions work with; for plugins that core ships with, in whose place others have `operations`. */
export function depsOf(context: PluginContext): GateContext {
  const gate = insides.get(context)
  if (!gate) throw new TypeError('not the context of a gate')
  return gate
}
