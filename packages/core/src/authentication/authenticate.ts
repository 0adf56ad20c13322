import { mayMakeRequest } from '../authorization/roles.js'
import type { GateContext } from '../context/context.js'
import { type Denial, denial, denialIn } from '../errors/denial.js'
import type { DenialCode } from '../errors/denials.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { limitGuess, unproven } from '../rate-limit/limit-guess.js'
import { headerValues, refuseHead } from '../request/head.js'
import { isNavigation, mayActOnSession } from '../request/same-origin.js'
import type { RequestView } from '../request/view.js'
import { STANDING, standingOf } from '../standing/standing.js'
import type { Millis, RecordKey, StoredRecord } from '../store/store.js'
import type { AnyCredentialKind, CredentialKind, Described, Proven } from './credential-kind.js'
import type { Identity } from './identity.js'
import { type Issued, noteIssued, refuseIssued } from './judge.js'

export type Decision =
  | { readonly outcome: 'allow'; readonly identity: Identity }
  /** A browser navigation without a session: send it to `location`, which leads back afterwards. */
  | { readonly outcome: 'login'; readonly location: string }
  | { readonly outcome: 'deny'; readonly denial: Denial }

/** What login can cure. */
const CURED_BY_LOGIN: ReadonlySet<string> = new Set<DenialCode>([
  'credentials_missing',
  'session_invalid',
  'issued_before_loss',
])

/**
 * Decides whether a request may come in, by its head alone. Answers `allow`, `login` for a browser that could log in,
 * or `deny`. Rejects with `store_unavailable` when the store cannot say: answer 503, never 401 and never the request.
 */
export async function authenticate(context: GateContext, view: RequestView): Promise<Decision> {
  const malformed = refuseHead(view)
  if (malformed) return { outcome: 'deny', denial: malformed }
  const identified = await identify(context, view)
  if (!identified.ok) return sendToLoginOr(context, view, identified.denial)
  const identity = identified.value
  if (identity.credential.isSentByBrowsers && !mayActOnSession(view, context.options.publicUrl))
    return { outcome: 'deny', denial: denial('cross_site_request') }
  if (!mayMakeRequest(identity.role, view)) return { outcome: 'deny', denial: denial('role_insufficient') }
  const scope = context.options.requiredScope
  if (!identity.scopes.includes(scope))
    return { outcome: 'deny', denial: denial('scope_insufficient', { scope }) }
  return { outcome: 'allow', identity }
}

/** Sends a browser to log in where that would help, and refuses everybody else; what they guessed counts. */
export function sendToLoginOr(context: GateContext, view: RequestView, refusal: Denial): Decision {
  if (!context.options.identityProvider || !CURED_BY_LOGIN.has(refusal.code) || !isNavigation(view))
    return { outcome: 'deny', denial: limitGuess(context, view, refusal) }
  return { outcome: 'login', location: `/oauth2/start?rd=${encodeURIComponent(view.target)}` }
}

/**
 * Who makes this request, by the one credential that it presents, judged against the account's standing as it is now.
 * Rejects with `store_unavailable` when the standing cannot be read: no answer is ever guessed.
 */
export function identify(
  context: GateContext,
  view: RequestView,
): Outcome<Identity> | Promise<Outcome<Identity>> {
  const picked = pickCredential(view, context.credentialKinds)
  switch (picked.by) {
    case 'bearer':
      return identifyByBearer(context, picked.credential)
    case 'head':
      return judgeProof(context, picked.kind, picked.kind.prove(picked.credential))
    case 'none':
      return refused('credentials_missing')
    case 'refused':
      return { ok: false, denial: unproven(context.options.denials, picked.denial) }
  }
}

/** Who presents a bearer credential of any kind. */
export function identifyByBearer(
  context: GateContext,
  credential: string,
): Outcome<Identity> | Promise<Outcome<Identity>> {
  const { credentialKinds } = context
  for (const kind of credentialKinds)
    if (kind.remembers?.(credential)) return judgeProof(context, kind, kind.prove(credential))
  for (const kind of credentialKinds) {
    const proving = kind.pick ? undefined : kind.prove(credential)
    if (proving !== undefined) return judgeProof(context, kind, proving)
  }
  return refused('token_invalid')
}

async function judgeProof(
  context: GateContext,
  kind: AnyCredentialKind,
  proving: ReturnType<AnyCredentialKind['prove']>,
): Promise<Outcome<Identity>> {
  // Nothing is awaited for a proof that is remembered.
  const proven = proving instanceof Promise ? await proving : proving
  if (!proven)
    return refused('credentials_malformed', { detail: `What was sent as ${kind.name} is none of its form.` })
  const texts = context.options.denials
  if (!proven.ok) return { ok: false, denial: unproven(texts, proven.denial) }
  const proof = proven.value
  const { partition, id } = proof
  if (kind.isOfOperator) return done(identityOf(kind, proof, kind.describe()))
  const [standingRecord, stored] = await context.store.read(partition, keysRead(kind, id))
  const record = stored && kind.records?.read(stored)
  const opened = stored && kind.open?.(proof, record, stored)
  const { absent, expired = 'token_expired' } = kind.denials
  if (kind.open && opened === undefined)
    return { ok: false, denial: unproven(texts, denialIn(texts, absent)) }
  const standing = standingOf(standingRecord)
  const issued = issuedBy(kind, proof, stored, record)
  const refusal = refuseIssued(context, standing, issued, kind.denials)
  if (refusal) return { ok: false, denial: refusal.code === absent ? unproven(texts, refusal) : refusal }
  const judged = { proof, standing, stored, record, opened }
  const described = kind.describe(judged)
  if (!isTaken(described, context.clock())) return { ok: false, denial: denialIn(texts, expired) }
  kind.admitted?.(judged)
  return { ok: true, value: identityOf(kind, proof, described, issued) }
}

/** What the judge has to know of a credential of this kind, with the record that was found for it. */
export function issuedBy(
  kind: CredentialKind,
  presented: Pick<Proven, 'partition' | 'issuedAt'>,
  stored: StoredRecord | undefined,
  record: unknown,
): Issued {
  const issued = kind.issued(presented, record)
  const isAbsent = stored === undefined && kind.records !== undefined && !kind.records.mayBeAbsent
  return isAbsent ? { ...issued, isAbsent } : issued
}

/** Also false where a kind says what is no instant. */
function isTaken({ expiresAt, takenUntil = expiresAt }: Described, now: Millis): boolean {
  return now < takenUntil
}

/** All that a decision about a credential reads, in one step: the standing of its account, then its record. */
export function keysRead({ records }: CredentialKind, id: string): readonly RecordKey[] {
  return records ? [STANDING, { collection: records.collection, id: records.idOf?.(id) ?? id }] : [STANDING]
}

type Mutable<T> = { -readonly [Member in keyof T]: T[Member] }

/** An identity that no handler can change. Made for every request: member by member, which costs a fraction of taking an object apart and together again. */
function identityOf(
  kind: AnyCredentialKind,
  { id, partition }: Proven,
  described: Described,
  issued?: Issued,
): Identity {
  const { accountId, role, scopes, groups = [], issuedAt, expiresAt } = described
  const credential: Mutable<Identity['credential']> = { kind: kind.name, id, issuedAt, expiresAt }
  if (described.renewal !== undefined) credential.renewal = described.renewal
  if (kind.isSentByBrowsers) credential.isSentByBrowsers = true
  const identity: Mutable<Identity> = {
    accountId,
    email: accountId,
    groups,
    role,
    scopes,
    credential,
    partition,
  }
  if (described.name !== undefined) identity.name = described.name
  if (described.team !== undefined) identity.team = described.team
  if (described.claims !== undefined) identity.claims = described.claims
  if (issued) noteIssued(identity, issued)
  // What it holds may be shared with a cache, and so with the next request. `claims` are frozen where they are made.
  Object.freeze(groups)
  Object.freeze(scopes)
  Object.freeze(credential)
  return Object.freeze(identity)
}

export type PickedCredential =
  | { readonly by: 'bearer'; readonly credential: string }
  | { readonly by: 'head'; readonly kind: AnyCredentialKind; readonly credential: string }
  | { readonly by: 'none' }
  | { readonly by: 'refused'; readonly denial: Denial }

/** What bearer credentials come in. */
export const BEARER_HEADERS = ['authorization', 'x-api-key'] as const

const SCHEME = /^Bearer +/i
const NONE: PickedCredential = { by: 'none' }

/**
 * The one credential that a request presents. Two different ones are refused (RFC 6750 §2: clients must not use more than
 * one method), also two Authorization headers. A kind that yields, such as a session cookie, counts only where nothing
 * else is presented.
 */
export function pickCredential(view: RequestView, kinds: readonly AnyCredentialKind[]): PickedCredential {
  const bearer = pickBearer(view)
  if (bearer.by === 'refused') return bearer
  const head = pickFromHead(view, kinds, false)
  if (bearer.by === 'none') return head.by === 'none' ? pickFromHead(view, kinds, true) : head
  return head.by === 'head' ? refuse('credentials_ambiguous') : head.by === 'refused' ? head : bearer
}

function pickBearer(view: RequestView): PickedCredential {
  const authorizations = headerValues(view.rawHeaders, 'authorization')
  if (authorizations.length > 1) return refuse('credentials_ambiguous')
  const authorization = authorizations[0]
  const bearer = authorization === undefined ? undefined : bearerOf(authorization)
  if (authorization !== undefined && bearer === undefined) return refuse('credentials_malformed')
  const apiKeys = headerValues(view.rawHeaders, 'x-api-key')
  const credential = bearer ?? apiKeys[0]
  if (credential === undefined) return NONE
  if (apiKeys.some((apiKey) => apiKey !== credential)) return refuse('credentials_ambiguous')
  return credential === '' ? refuse('credentials_malformed') : { by: 'bearer', credential }
}

/** The token of `Bearer TOKEN`, which has no white space in it; undefined for anything else. */
export function bearerOf(authorization: string): string | undefined {
  const scheme = SCHEME.exec(authorization)
  const token = scheme ? authorization.slice(scheme[0].length) : ''
  return token === '' || token.includes(' ') || token.includes('\t') ? undefined : token
}

function pickFromHead(
  view: RequestView,
  kinds: readonly AnyCredentialKind[],
  yields: boolean,
): PickedCredential {
  let picked = NONE
  for (const kind of kinds) {
    if (!kind.pick || (kind.yields ?? false) !== yields) continue
    if (kind.headers && kind.headers.length > 0 && !hasOneOf(view.rawHeaders, kind.headers)) continue
    const found = kind.pick(view)
    if (found === undefined) continue
    if (typeof found !== 'string') return { by: 'refused', denial: found }
    if (picked !== NONE) return refuse('credentials_ambiguous')
    picked = { by: 'head', kind, credential: found }
  }
  return picked
}

function hasOneOf(rawHeaders: readonly string[], names: readonly string[]): boolean {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const sent = rawHeaders[at]
    for (const name of names) if (sent?.length === name.length && sent.toLowerCase() === name) return true
  }
  return false
}

function refuse(code: Parameters<typeof denial>[0]): PickedCredential {
  return { by: 'refused', denial: denial(code) }
}
