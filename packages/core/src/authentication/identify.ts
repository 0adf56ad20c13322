import type { Deps } from '../context/context.js'
import { denialIn } from '../errors/denials.js'
import { done, type Outcome, refused } from '../errors/outcome.js'
import { unproven } from '../rate-limit/limit-guess.js'
import type { RequestView } from '../request/view.js'
import { STANDING, standingOf } from '../standing/standing.js'
import type { Millis, RecordKey } from '../store/store.js'
import {
  type AnyCredentialKind,
  type CredentialKind,
  type Described,
  issuedBy,
  type Proven,
} from './credential-kind.js'
import { frozenIdentity, type Identity, noteIssued } from './identity.js'
import { refuseIssued } from './judge.js'
import { pickCredential } from './pick-credential.js'

/**
 * Who makes this request, by the one credential that it presents, judged against the account's standing as it is now.
 * Rejects with `store_unavailable` when the standing cannot be read: no answer is ever guessed.
 */
export async function identify(deps: Deps, view: RequestView): Promise<Outcome<Identity>> {
  const picked = pickCredential(view, deps.credentialKinds)
  switch (picked.by) {
    case 'bearer':
      return identifyByBearer(deps, picked.credential)
    case 'head':
      return judgeProof(deps, picked.kind, picked.kind.prove(picked.credential))
    case 'none':
      return refused('credentials_missing')
    case 'refused':
      return { ok: false, denial: unproven(deps.options.denials, picked.denial) }
  }
}

/** Who presents a bearer credential of any kind. */
export async function identifyByBearer(deps: Deps, credential: string): Promise<Outcome<Identity>> {
  const { credentialKinds } = deps
  const remembered = credentialKinds.find((kind) => kind.remembers?.(credential))
  if (remembered) return judgeProof(deps, remembered, remembered.prove(credential))
  for (const kind of credentialKinds) {
    const proving = kind.pick ? undefined : kind.prove(credential)
    if (proving !== undefined) return judgeProof(deps, kind, proving)
  }
  return refused('token_invalid')
}

async function judgeProof(
  deps: Deps,
  kind: AnyCredentialKind,
  proving: ReturnType<AnyCredentialKind['prove']>,
): Promise<Outcome<Identity>> {
  // Nothing is awaited for a proof that is remembered.
  const proven = proving instanceof Promise ? await proving : proving
  if (!proven)
    return refused('credentials_malformed', { detail: `What was sent as ${kind.name} is none of its form.` })
  if (!proven.ok) return { ok: false, denial: unproven(deps.options.denials, proven.denial) }
  const proof = proven.value
  const { partition, id } = proof
  const texts = deps.options.denials
  if (kind.isOfOperator) return done(identityOf(kind, proof, kind.describe()))
  const [standingRecord, stored] = await deps.store.read(partition, keysRead(kind, id))
  const record = stored && kind.records?.read(stored)
  const opened = stored && kind.open?.(proof, record, stored)
  if (kind.open && opened === undefined)
    return { ok: false, denial: unproven(texts, denialIn(texts, kind.denials.absent)) }
  const standing = standingOf(standingRecord)
  const issued = issuedBy(kind, proof, stored, record)
  const { absent, ended, expired = 'token_expired' } = kind.denials
  const refusal = refuseIssued(deps, standing, issued, { lost: 'issued_before_loss', absent, ended })
  if (refusal) return { ok: false, denial: refusal.code === absent ? unproven(texts, refusal) : refusal }
  const judged = { proof, standing, stored, record, opened }
  const described = kind.describe(judged)
  if (!isTaken(described, deps.clock())) return { ok: false, denial: denialIn(texts, expired) }
  kind.admitted?.(judged)
  return done(noteIssued(identityOf(kind, proof, described), issued))
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

/** Made for every request: member by member, which costs a fraction of taking an object apart and together again. */
function identityOf(kind: AnyCredentialKind, { id, partition }: Proven, described: Described): Identity {
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
  return frozenIdentity(identity)
}
