import type { Admission } from '../admission/admission.js'
import type { AuditAction, Lane } from '../audit/entry.js'
import type { AnyCredentialKind } from '../authentication/credential-kind.js'
import type { Pages } from '../context/options.js'
import type { DenialText } from '../errors/denials.js'
import type { IdentityProvider } from '../login/identity-provider.js'
import type { PluginContext } from './context.js'
import type { LoginHooks, TokenGrants } from './hooks.js'
import type { Job, Metric } from './job.js'
import type { Route } from './route.js'

/** Where the store has the records of a collection. */
export interface StoredCollection {
  /** Small letters and dashes. */
  readonly name: string
  /** Names of places, small letters and dashes, that no other plugin has: the records are there and nowhere else. */
  readonly in: readonly string[]
}

/** Each collection of a plugin → where the store has it; without `in` wherever the plugin keeps records. */
export function storedCollectionsOf({
  name,
  collections = [],
}: Plugin): ReadonlyMap<string, Pick<StoredCollection, 'name'> & Partial<StoredCollection>> {
  if (!isList(collections))
    return new Map(
      Object.entries(collections).map(([collection, stored]) => [
        collection,
        typeof stored === 'string' ? { name: stored } : stored,
      ]),
    )
  return new Map(collections.map((collection) => [collection, { name: `${name}/${collection}` }]))
}

function isList(collections: NonNullable<Plugin['collections']>): collections is readonly string[] {
  return Array.isArray(collections)
}

/** What of the gate's options a plugin may check its own against. */
export interface CheckedGate {
  /** Absent where it is wrong itself. */
  readonly publicUrl?: string
  /** `iss` of the gate's own tokens. Absent where it is wrong itself. */
  readonly issuer?: string
  /** Every scope, those of all plugins included. */
  readonly scopes: readonly string[]
  readonly identityProvider?: IdentityProvider
  /** Names of all plugins. */
  readonly plugins: readonly string[]
}

/**
 * Something that is added to a gate by listing it: `createGate({ plugins: [billing()] })`. What it says of itself here is
 * checked before anything starts: a name, scope, code, audit action or path that two claim stops the start with
 * `configuration_invalid`, which names both.
 *
 * A plugin can refuse; it cannot let in whom the gate's own judge has refused.
 */
export interface Plugin<Name extends string = string, Api = unknown> {
  /** 1 to 40 letters and digits, a lower-case letter first. Its `api` is `gate[name]`. */
  readonly name: Name
  /**
   * What it keeps: names for `context.collection`, which gives no other. The store has each under `PLUGIN/NAME`; or, where the
   * records are older than the plugin, under the name that stands here with it: small letters and dashes, of no other
   * plugin's and none of the gate's. `{ name, in }` keeps it to places of its own: see `RecordsOfPlace`.
   */
  readonly collections?: readonly string[] | Readonly<Record<string, string | StoredCollection>>
  /**
   * Codes of its own with their fixed public text, each with a page of its own. A code that two claim stops the start, so begin
   * them with a word that others would not take. What refuses by a code that is neither here nor the gate's is a failure.
   */
  readonly denials?: Readonly<Record<string, DenialText>>
  /** What credentials may be allowed to do; scope → description. */
  readonly scopes?: Readonly<Record<string, string>>
  /**
   * What it may write into the audit log → how it is treated. `essential` for what takes something away and
   * `administrative` for what administrators do are taken by a store that is full, too.
   */
  readonly auditActions?: Readonly<Record<string, Lane>>
  /**
   * Actions of the gate's own that it writes into the audit log as well, since what it does is the same to whoever reads
   * that: `token.revoke` of a credential of its kind.
   */
  readonly gateActions?: readonly AuditAction[]
  /**
   * The name under which it acts of its own accord, in the audit log: small letters, digits and dashes, so that it is
   * nobody's account. Default: `service:NAME`.
   */
  readonly actsAs?: string
  /** Option → secrets that were given for it: one secret for two purposes stops the start. Never logged. */
  readonly secrets?: Readonly<Record<string, string | readonly string[]>>
  /**
   * First words, before a colon, of the contexts that it has sealed values for before it was a plugin: what it seals for
   * these is not bound to its name as well. No two have the same, nor one of the gate's.
   */
  readonly sealingContexts?: readonly string[]
  /**
   * Kinds of credentials that the operator sets, rather than that the gate issues them to an account → the name that actors by
   * them have in the audit log: small letters, digits and dashes, so that it is nobody's account. Nothing is judged of
   * them: they work without the store, no ban ends them, and they act as a super admin. So each has to be declared here, and
   * every start reports it (`operator_credential`).
   */
  readonly operators?: Readonly<Record<string, string>>
  /**
   * The `typ` of JWTs that it signs with the gate's keys: lower-case letters, digits and dashes, `+jwt` at the end. No two
   * plugins have the same, nor that of access tokens.
   */
  readonly tokenTypes?: readonly string[]
  /** Prefixes such as `/billing/` below which the gate answers everything, also where no route is. */
  readonly namespaces?: readonly string[]
  /** Names of plugins that have to be listed before this one, which works with their `api`. */
  readonly requires?: readonly string[]
  /** Adds to `problems` what is wrong with the plugin's options, each as `NAME.option: what to give`. */
  check?(problems: string[], gate: CheckedGate): void
  /** Called once, in the order of the list. What it throws stops the gate, and what started before is closed. */
  start(context: PluginContext): Started<Api> | Promise<Started<Api>>
}

/** What a plugin brings to the gate that runs. */
export interface Started<Api = unknown> {
  readonly api?: Api
  /** A function is called once, at the start: for routes that are loaded only where they are served. */
  readonly routes?: readonly Route[] | (() => Promise<readonly Route[]>)
  /**
   * Ways to prove who one is, asked before the gate's own, those of `operators` first of all. Each proves its credentials;
   * the gate's judge decides about all of them alike. None has the name of another, and none can do without the judge but
   * what is declared as one of `operators`. Records of a kind are in one of the plugin's `collections`, those of the account.
   * A store that can `watch` lets them be read from memory for as long as nothing of the account has changed.
   */
  readonly credentialKinds?: readonly AnyCredentialKind[]
  /**
   * Asked about each call that a forwarder of this gate forwards, before those of the forwarder's own options. None lets in
   * whom the gate has refused.
   */
  readonly admissions?: readonly Admission[]
  /** A say in logins. */
  readonly logins?: LoginHooks
  /** Grants that tokens are bought by. */
  readonly grants?: TokenGrants
  /** Pages for logged-in browsers, after those of the gate's options. */
  readonly pages?: readonly Pages[]
  /** Work that one process of all that share the store does from time to time. */
  readonly jobs?: readonly Job[]
  /** What `gate.metrics()` tells. */
  readonly metrics?: readonly Metric[]
  /** False, a rejection or no answer within a second makes `/ready` answer 503. Asked once a second at most. */
  readonly health?: () => boolean | Promise<boolean>
  /** Awaited when the gate closes, in reverse order of the list, before the store is released. */
  readonly close?: () => void | Promise<void>
}

/** A plugin that was started, and with what. */
export interface RunningPlugin {
  readonly plugin: Plugin
  readonly started: Started
}

/** What a plugin adds to a gate; `never` for what is no plugin. */
export type ApiOf<Listed> = Listed extends Plugin<string, infer Api> ? Api : never

/** What a list of plugins adds to the gate: the `api` of each under its name. */
export type PluginApis<Plugins extends readonly Plugin[]> = {
  readonly [Listed in Plugins[number] as string extends Listed['name']
    ? never
    : undefined extends ApiOf<Listed>
      ? never
      : Listed['name']]: ApiOf<Listed>
}
