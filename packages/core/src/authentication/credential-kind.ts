import type { Actor } from '../authorization/actor.js'
import type { Denial, PluginCode } from '../errors/denial.js'
import type { DenialCode } from '../errors/denials.js'
import type { Outcome } from '../errors/outcome.js'
import type { RequestView } from '../request/view.js'
import type { Standing } from '../standing/standing.js'
import type { Millis, StoredRecord } from '../store/store.js'
import type { Credential, Identity } from './identity.js'
import type { Issued } from './judge.js'

/** What is known of a credential once it is proven. */
export interface Proven {
  /** Where the records of its account are. */
  readonly partition: string
  /** Names the credential among those of its kind, and finds its record again. No secret: it is logged and shown. */
  readonly id: string
  /** When the credential itself says that it was issued. */
  readonly issuedAt?: Millis
}

/** What a kind says of whoever it lets in. The gate adds kind, id and partition. */
export interface Described extends Omit<Identity, 'email' | 'groups' | 'credential' | 'partition'> {
  /** Default: none. */
  readonly groups?: readonly string[]
  readonly issuedAt: Millis
  /** From here on it is refused by `denials.expired`; what runs then may end as it is. */
  readonly expiresAt: Millis
  /** Where others set their clocks: until when it is taken all the same. Default: `expiresAt`. */
  readonly takenUntil?: Millis
  readonly renewal?: string
}

/** A credential that the judge has let pass. */
export interface Judged<Proof extends Proven = Proven, Content = unknown, Opened = unknown> {
  readonly proof: Proof
  readonly standing: Standing
  /** Its record, where there is one. */
  readonly stored: StoredRecord | undefined
  /** What that says. */
  readonly record: Content | undefined
  /** What `open` answered. */
  readonly opened: Opened | undefined
}

/** Where the records of a kind are: in the partition of the account, read together with its standing. */
export interface KeptRecords<Content> {
  /** Kept in memory for as long as the store vouches for it, so no change of it may be committed as `quiet`. */
  readonly collection: string
  /** The id of the record of a credential. Default: that of the credential. */
  idOf?(credentialId: string): string
  /**
   * A credential without a record is good: for records that say no more than what was revoked. Otherwise it is refused by
   * `denials.absent`.
   */
  readonly mayBeAbsent?: true
  /** Throws `store_unavailable` for a record that cannot be read. */
  read(stored: StoredRecord): Content
}

/** How a kind refuses, by codes of core's own or of its plugin. */
export interface KindDenials {
  /** Without a record, or not that of the record. */
  readonly absent: DenialCode | PluginCode
  /** Ended by itself, or with all tokens or sessions of the account. */
  readonly ended: DenialCode | PluginCode
  /** Default `token_expired`. */
  readonly expired?: DenialCode | PluginCode
}

/** How a kind knows its credentials among all that requests present. */
export interface Presentation<Proof extends Proven> {
  /** `credential.kind` of the identities that it makes; no two kinds of a gate have the same. */
  readonly name: Credential['kind']

  /**
   * Names of the headers with which somebody who has seen them could be let in: what `pick` takes its credential from. It is
   * asked about no request that has none of them; `[]` for a credential that is in no header. Forwarders of the gate remove
   * them, whatever their options allow, and show them to no admission; `gate.credentialHeaders` names them to other proxies.
   */
  readonly headers?: readonly string[]
  /** One line for the OpenAPI document, where a kind that picks its credential from a header is a security scheme by its name. */
  readonly description?: string

  /**
   * For a kind that is no bearer credential: takes it from the head of a request, such as a header that only a trusted
   * proxy can set. Undefined where there is none; a denial for one that nobody can read. A kind without this is asked to
   * prove what comes as `Authorization: Bearer` or `x-api-key`. A denial by a code of the plugin counts as a guess, unless
   * the text of the code says otherwise.
   */
  pick?(view: RequestView): string | Denial | undefined
  /** With `pick`: counts as not sent where anything else is presented, as the cookie of a browser does. */
  readonly yields?: boolean
  /**
   * Browsers attach it by themselves, also for a page of another site: then it may change something only from a page of
   * the gate's own origin. Refused otherwise with `cross_site_request`.
   */
  readonly isSentByBrowsers?: boolean

  /**
   * Whether this kind has proven this very string a moment ago. All kinds are asked this before any has to look closer,
   * so it costs a look into a map at most.
   */
  remembers?(credential: string): boolean
  /**
   * Proves what was presented, by signature or form. Undefined, at once and without a promise, for what is none of this
   * kind: then the next one is asked, and of what `pick` has picked it is refused with `credentials_malformed`. A refusal by
   * a code of the plugin counts as a guess, unless the text of the code says otherwise. Says nothing of the account. May reject with `store_unavailable` or
   * `provider_unavailable`; never guesses.
   */
  prove(credential: string): Outcome<Proof> | Promise<Outcome<Proof>> | undefined
}

/**
 * A way for people and programs to prove who they are. A kind proves its credentials and says what their records say; it
 * decides about nobody: every request, running stream and introspection asks the one judge, in its one order, by the
 * standing of the account.
 *
 * Of a request with several credentials at once none is chosen: it is refused with `credentials_ambiguous`, but for kinds
 * that yield.
 */
export interface CredentialKind<Proof extends Proven = Proven, Content = unknown, Opened = unknown>
  extends Presentation<Proof> {
  readonly isOfOperator?: false
  /**
   * The gate issued it to the account, which it stands for: it may call routes with the access `account`, and do to its own
   * account what an administrator may do to it. Default: somebody vouches for a caller of that name, and for no more.
   */
  readonly isOfAccount?: boolean
  /** The records of its credentials. Without it, nothing but the standing of the account is read. */
  readonly records?: KeptRecords<Content>
  /**
   * For a kind whose credentials nothing but their record proves, such as an API key by the hash of its secret:
   * undefined when the record is not of what was presented. Refused then, as without a record, by `denials.absent` before
   * the account is looked at, so that nobody learns by guessing that an account is banned.
   */
  open?(proof: Proof, record: Content, stored: StoredRecord): Opened | undefined
  /**
   * What the judge has to know, by what was presented and by its record, if any is left. `isAbsent` follows from `records`.
   */
  issued(presented: Pick<Proven, 'partition' | 'issuedAt'>, record: Content | undefined): Issued
  readonly denials: KindDenials

  /** Who this is, once the judge has let it pass. Called on every request. */
  describe(judged: Judged<Proof, Content, Opened>): Described
  /** What follows when somebody was let in, such as that the use is noted. Not awaited; must not throw. */
  admitted?(judged: Judged<Proof, Content, Opened>): void

  /**
   * Until when the credential is good by its record, for a kind whose deadline moves after it was issued, such as a
   * session's.
   */
  deadlineIn?(stored: StoredRecord): Millis | undefined
  /**
   * Asked of a running stream whose record is gone after the credential's time: whether it was ended rather than just
   * expired. Default: it has just expired.
   */
  wasEnded?(id: string, issued: Issued): Promise<boolean>
  /** Revokes a credential that whoever holds it presents for that (RFC 7009). Default: it cannot be revoked by itself. */
  revoke?(identity: Identity, by: Actor): Promise<unknown>
}

/**
 * A credential that was not issued to an account but set by the operator: nothing is read and nothing judged, it works
 * without the store, and only the configuration ends it.
 */
export interface OperatorKind extends Presentation<Proven> {
  readonly isOfOperator: true
  describe(): Described
}

export type AnyCredentialKind = CredentialKind | OperatorKind

/** The kind that has let somebody in; undefined for an identity that no kind of this gate can have made. */
export function kindOf(
  { credentialKinds }: { readonly credentialKinds: readonly AnyCredentialKind[] },
  { credential }: Identity,
): AnyCredentialKind | undefined {
  return credentialKinds.find(({ name }) => name === credential.kind)
}
