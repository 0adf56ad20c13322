import type { Credential, Identity } from '../authentication/identity.js'
import { type Denial, denial } from '../errors/denial.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { isObject } from '../input/kinds.js'
import { isAdmin, isSuperAdmin, ROLES, type Role } from './roles.js'

/** What an actor proved itself by: a credential of an account, something exchanged for one, or a program's own hand. */
export type ActingCredential =
  | Credential['kind']
  | 'login'
  | 'refresh_token'
  | 'authorization_code'
  | 'device_code'
  | 'service'

/** What leads from a record back to the request that it was made for. */
export interface RequestTrace {
  /** Address of the client. */
  readonly address?: string
  /** As whoever is in front of the gate named the request. */
  readonly requestId?: string
}

/** Who does something, and by what power. The role is that of the credential presented, never that of an address. */
export interface Actor extends RequestTrace {
  /**
   * Canonical e-mail; `service:NAME` for a program, `master-key`, `scim`, `identity-provider` or
   * `audit-retention`.
   */
  readonly account: string
  readonly role: Role
  readonly credential: ActingCredential
}

/**
 * On whose behalf a program that holds the gate acts: an identity that the gate let in, with no more power than it has, or
 * the program itself, which acts as a super admin and is audited as `service:NAME`. A name has 1 to 64 letters, digits,
 * dots, dashes or underscores.
 */
export type ActsFor = Identity | { readonly service: string }

/** An operation's input as a program writes it, with the actor that its `by` stands for. */
export type Acted<Input extends { readonly by?: ActsFor }> = Omit<Input, 'by'> & { readonly by: Actor }

const SERVICE_NAME = /^[\w.-]{1,64}$/

/** Of a program that does not say in whose name. */
export const UNNAMED_PROGRAM: ActsFor = { service: 'program' }

/** What acts without being a credential; no kind may go by such a name. */
const NO_CREDENTIALS: ReadonlySet<string> = new Set<ActingCredential>([
  'login',
  'refresh_token',
  'authorization_code',
  'device_code',
  'service',
])

/** Whether a kind of credential may have this name, by which actors are audited. */
export function isKindName(name: unknown): name is Credential['kind'] {
  return typeof name === 'string' && /^[a-z][a-z0-9_]{0,63}$/.test(name) && !NO_CREDENTIALS.has(name)
}

/** Whoever the gate has let in. */
export function actorOf({ accountId, role, credential }: Identity, trace: RequestTrace = {}): Actor {
  return { account: accountId, role, credential: credential.kind, ...trace }
}

interface WithRoles {
  /** What configuration makes of an account. */
  readonly roleOf: (account: string) => Role
}

interface WithKinds {
  /** Of a gate; only the kinds that stand for an account itself say so. */
  readonly credentialKinds: readonly { readonly name: string; readonly isOfAccount?: boolean }[]
}

/** An account that proved itself by what is exchanged for a credential. */
export function actorByExchange(
  { roleOf }: WithRoles,
  account: string,
  credential: ActingCredential,
  trace: RequestTrace = {},
): Actor {
  return { account, role: roleOf(account), credential, ...trace }
}

/** A service of the gate's own surroundings under its fixed name; no e-mail, so no account can have it. */
export function serviceActor(account: string): Actor {
  return { account, role: 'super_admin', credential: 'service' }
}

const namedServices = new WeakMap<object, Actor>()

/** Lets a part of the gate's surroundings act under its fixed name: the very object that is answered, no copy of it. */
export function actingAsService(account: string): ActsFor {
  const by = Object.freeze({ service: account })
  namedServices.set(by, serviceActor(account))
  return by
}

/** The actor that `by` stands for. Refused with `input_invalid` for anything but an identity or a named service. */
export function actorFor(by: ActsFor | undefined): Outcome<Actor> {
  const named = namedServices.get(by as object)
  if (named) return done(named)
  if (isIdentity(by)) return done(actorOf(by))
  const name = typeof by === 'object' && by !== null && 'service' in by ? by.service : undefined
  if (typeof name !== 'string' || !SERVICE_NAME.test(name))
    return refused('input_invalid', {
      detail: 'by: give an identity that the gate let in, or { service: NAME }.',
    })
  return done(serviceActor(`service:${name}`))
}

/** Whether this has everything by which an identity that the gate let in is judged and audited. */
export function isIdentity(by: unknown): by is Identity {
  if (!isObject(by)) return false
  const { accountId, role, scopes, partition, credential } = by
  return (
    isNonEmptyText(accountId) &&
    isNonEmptyText(partition) &&
    ROLES.some((known) => known === role) &&
    Array.isArray(scopes) &&
    scopes.every((scope) => typeof scope === 'string') &&
    isObject(credential) &&
    isNonEmptyText(credential.id) &&
    isKindName(credential.kind)
  )
}

function isNonEmptyText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** What an audit entry says of an actor. */
export interface AuditedActor extends RequestTrace {
  readonly actor: string
  readonly credential: ActingCredential
}

export function auditedAs({ account, role: _role, ...proof }: Actor): AuditedActor {
  return { actor: account, ...proof }
}

/**
 * Why an actor may do nothing to what an account has: `role_insufficient` over another account for whoever is no
 * admin, `super_admin_protected` over a super admin for whoever is none. Undefined over one's own.
 */
export function refuseOver(context: WithRoles & WithKinds, by: Actor, account: string): Denial | undefined {
  if (isOwn(context, by, account)) return undefined
  if (!isAdmin(by.role)) return denial('role_insufficient')
  const isProtected = isSuperAdmin(context.roleOf(account)) && !isSuperAdmin(by.role)
  return isProtected ? denial('super_admin_protected') : undefined
}

/** As `refuseOver`, for what nobody may do to themselves: `own_account`. */
export function refuseOverOrOwn(
  context: WithRoles & WithKinds,
  by: Actor,
  account: string,
): Denial | undefined {
  return by.account === account ? denial('own_account') : refuseOver(context, by, account)
}

/** What is exchanged for a credential, and stands for the account itself as that does. */
const EXCHANGED: ReadonlySet<string> = new Set<ActingCredential>([
  'login',
  'refresh_token',
  'authorization_code',
  'device_code',
])

/** By a kind that is not of the account, somebody vouches for a caller of that name alone. */
function isOwn({ credentialKinds }: WithKinds, by: Actor, account: string): boolean {
  if (by.account !== account) return false
  if (EXCHANGED.has(by.credential)) return true
  return credentialKinds.some((kind) => kind.name === by.credential && kind.isOfAccount)
}
