import type { AuditEntry, AuditedAction } from '../audit/entry.js'
import type { Identity } from '../authentication/identity.js'
import type { Acted, Actor, ActsFor } from '../authorization/actor.js'
import type { Role } from '../authorization/roles.js'
import type { ScopeWish } from '../authorization/scopes.js'
import type { GateContext } from '../context/context.js'
import type { GateEvent } from '../context/event.js'
import type { Sealer } from '../crypto/seal.js'
import type { Denial } from '../errors/denial.js'
import type { Outcome } from '../errors/outcome.js'
import type { GateOperations } from '../gate/operations.js'
import type { IdentityProvider } from '../login/identity-provider.js'
import type { RateLimiter } from '../rate-limit/limiter.js'
import type { RequestView } from '../request/view.js'
import type { Standing } from '../standing/standing.js'
import type { Storable } from '../store/collection.js'
import type { ReportUnreadable } from '../store/readable.js'
import type { Clock, Millis } from '../store/store.js'
import type { RACED } from '../store/update.js'
import type { PluginAccounts } from './accounts.js'
import type { BoundCollection } from './collection.js'
import type { RecordToIssue } from './issue.js'
import type { OnceOfPlugin, RequestToDoOnce } from './once.js'
import type { OperationInputs } from './operation.js'
import type { PluginRecords, PluginRecordsOfAccount } from './records.js'
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

/** Records that are neither of the plugin as a whole nor about an account. */
export interface RecordsOfPlace {
  /** One that stands `in` one of the plugin's `collections`. */
  readonly place: string
  /**
   * What they are about there, such as the issuer and the subject of a login: each has a place of its own, whose name in the
   * store tells nobody what. Default: all of the place together.
   */
  readonly of?: readonly string[]
  /** As those of an account; default true. */
  readonly isQuiet?: boolean
}

/** Something that is done and audited. */
export interface AuditedDeed {
  /** One of the plugin's `auditActions` or `gateActions`. */
  readonly action: AuditedAction['action']
  readonly by: Actor
  /** The account or thing that it is done to. */
  readonly subject: string
  /** Short facts that help a reader: ids, durations, reasons. Never a credential. */
  readonly details?: AuditedAction['details']
}

/** When each credential of a kind was last used. */
export interface LastUses {
  /** Notes a use: at most once a minute for each, and lost without harm. Never throws; nothing waits for it. */
  note(use: { readonly partition: string; readonly id: string; readonly expiresAt: Millis }): void
  /** In the order of the ids; undefined where no use is known. */
  of(account: string, ids: readonly string[]): Promise<readonly (Millis | undefined)[]>
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
    of?: RecordsOfAccount | RecordsOfPlace,
  ): BoundCollection<Value>
  /**
   * Its records in one place, of all its collections there, for what one commit has to read, check and write together. Those
   * of a plugin as a whole are quiet.
   */
  records(of: RecordsOfAccount): PluginRecordsOfAccount
  records(of?: RecordsOfPlace): PluginRecords
  /**
   * Runs `attempt`, which reads, decides and commits, again for as long as it answers `RACED` since somebody else was faster:
   * at most 50 times, and not for longer than twice `storeDeadlineMs`. Rejects with `store_unavailable` and `busy` as its
   * reason when none came through.
   */
  optimistically<T>(busy: string, attempt: () => Promise<T | typeof RACED>): Promise<T>
  /** For lists, which go on without a record that cannot be read: reports it, once. */
  readonly reportUnreadable: ReportUnreadable
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
  /**
   * Audits a deed, then does it, and passes its answer on. One that is refused is recorded again as `failed`; one that throws
   * as `unknown`, since nobody knows how much of it happened. Rejects as `audit` does, and then has done nothing.
   */
  audited<T>(deed: AuditedDeed, act: () => Promise<Outcome<T>>): Promise<Outcome<T>>
  /**
   * For a request with an `idempotencyKey`: one commit creates what it asks for and keeps that, so that of any number of the
   * same request there is one. At most a thousand for an account in a day; the commit beyond is refused with `rate_limited`.
   */
  once(request: RequestToDoOnce): OnceOfPlugin
  /** The `api` of a plugin that this one `requires`. Throws a `TypeError` for any other. */
  required<Api>(name: string): Api
  /** Tells the gate's `onEvent`. Never throws. */
  readonly report: (event: GateEvent) => void
  /** As `report`, at most once a second for each code: for what strangers can cause. */
  readonly reportOfStrangers: (event: GateEvent) => void
  /** What the gate can do, as its holder can: tokens, sessions, bans, the audit log. */
  readonly operations: GateOperations
  /** What it does to whole accounts of its own accord. */
  readonly accounts: PluginAccounts
  /** The plugin itself, as it `actsAs`: who does what nobody has asked it for. */
  readonly actor: Actor
  /** The same as `by` of operations: this very object, no copy of it. */
  readonly self: ActsFor
  /**
   * An operation of its `api` on one account, taken as those of the gate are: refused with `input_invalid`, whose detail names
   * every member that is unknown, missing or wrong; the account in its one spelling, and `by` as the actor that it stands for.
   */
  operation<Input extends { readonly account: string; readonly by?: ActsFor }, T>(
    inputs: OperationInputs<Input>,
    act: (acted: Acted<Input>) => Promise<Outcome<T>>,
  ): (input: Input) => Promise<Outcome<T>>
  /** The scopes of something new, each once. Refused with `scope_unknown` or `scope_insufficient`. */
  chooseScopes(wish: ScopeWish): Outcome<readonly string[]>
  /** What an identity may hand on: what its credential carries and its account may hold without the groups of a session. */
  scopesToHandOn(identity: Identity): readonly string[]
  /** When the credentials of a kind were last used: in one of its collections, by their ids, a record with the instant. */
  lastUses(collection: string): LastUses
  /** Absent on a gate without logins. Every method answers within 30 seconds or rejects. */
  readonly identityProvider: IdentityProvider | undefined
  /** Why nobody with this canonical e-mail is let in: `email_domain_refused`, by `allowedEmailDomains`. */
  refuseEmailDomain(email: string): Denial | undefined
  /**
   * What a request presents as `authorization: Bearer` or `x-api-key`, whoever made it. Refused with `credentials_missing`,
   * `credentials_ambiguous` or `credentials_malformed`.
   */
  bearerOf(view: RequestView): Outcome<string>
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
   * The role of a credential of a program that stands for an account: as `roleOf`, but `viewer` where the groups of the last
   * login leave nothing else. `standing` is the one that a kind's `describe` is given.
   */
  roleOfProgram(account: string, standing: Standing): Role
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

/** For the gate: what the one plugin that needs it works on beside the contract. */
export function withGateContext(context: PluginContext, gate: GateContext): PluginContext {
  insides.set(context, gate)
  return context
}

/** What core's own functions work with: for `oauth` alone, in whose place others have `operations`. */
export function gateContextOf(context: PluginContext): GateContext {
  const gate = insides.get(context)
  if (!gate) throw new TypeError('not the context of a gate')
  return gate
}
