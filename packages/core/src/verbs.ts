import { acceptLoss } from './accept-loss.js'
import { canonicalEmail } from './account.js'
import type { CreatedApiKey } from './api-keys/add.js'
import { type ApiKeyToCreate, createApiKey } from './api-keys/create.js'
import type { ApiKeyInfo } from './api-keys/key.js'
import { listApiKeys } from './api-keys/list.js'
import { revokeApiKey } from './api-keys/revoke.js'
import { rotateApiKey } from './api-keys/rotate.js'
import type { AuditEntry } from './audit/entry.js'
import { listAudit } from './audit/list.js'
import { type PrunedAudit, pruneAudit } from './audit/prune.js'
import { type AuditVerification, verifyAudit } from './audit/verify.js'
import { type Acted, type Actor, type ActsFor, actorFor, isIdentity } from './authorization/actor.js'
import type { Deps } from './deps.js'
import type { Listed, ListQuery } from './directory/directory.js'
import { done, type Outcome, refused } from './outcome.js'
import { type ScopeWish, scopesToHandOn } from './scopes.js'
import { endSession } from './sessions/end.js'
import { listSessions } from './sessions/list.js'
import { handleOf, parseHandle, type Session } from './sessions/session.js'
import { type BanRequest, type BanResult, banAccount } from './standing/ban.js'
import {
  type EndedSessions,
  type ForcedLogout,
  forceLogout,
  signOutEverywhere,
} from './standing/force-logout.js'
import { unbanAccount } from './standing/unban.js'
import { type Replicated, replicationOf } from './store/replication.js'
import type { Millis } from './store/store.js'
import { type IssuedToken, issueToken, type TokenToIssue } from './tokens/issue.js'
import { listTokens } from './tokens/list.js'
import { listAllTokens, type TokenFilter } from './tokens/list-all.js'
import { revokeToken } from './tokens/revoke.js'
import { type RevokedTokens, revokeAllTokens } from './tokens/revoke-all.js'
import type { TokenInfo } from './tokens/token.js'

/** A live session as programs see it: no secret, no provider token. */
export interface SessionInfo {
  /** Names the session without being able to act as it. */
  readonly handle: string
  readonly email: string
  readonly name?: string
  readonly groups: readonly string[]
  readonly ip?: string
  readonly userAgent?: string
  readonly issuer: string
  readonly subject: string
  readonly createdAt: Millis
  readonly lastSeenAt: Millis
  readonly expiresAt: Millis
}

/**
 * What the HTTP routes do, for programs. E-mails may be written in any spelling; one that is none is refused with
 * `input_invalid`, and so is a `by` that is neither an identity nor a service. Every change is audited under `by`, with the
 * power that `by` has and no other.
 */
export interface GateVerbs {
  readonly tokens: {
    issue(input: TokenToIssue): Promise<Outcome<IssuedToken>>
    list(input: ListQuery & { account: string }): Promise<Outcome<Listed<TokenInfo>>>
    listAll(input: ListQuery & TokenFilter): Promise<Listed<TokenInfo>>
    revoke(input: { account: string; id: string; by: ActsFor }): Promise<Outcome<Replicated>>
    revokeAll(input: { account: string; by: ActsFor }): Promise<Outcome<RevokedTokens>>
  }
  readonly apiKeys: {
    create(input: ApiKeyToCreate): Promise<Outcome<CreatedApiKey>>
    /** Those that work, newest first. */
    list(input: { account: string }): Promise<Outcome<readonly ApiKeyInfo[]>>
    /** The old key goes on for `overlapSeconds`, 0 to 2592000, default 3600. */
    rotate(input: KeyToRotate): Promise<Outcome<CreatedApiKey>>
    revoke(input: { account: string; id: string; by: ActsFor }): Promise<Outcome<Replicated>>
  }
  readonly sessions: {
    list(input: ListQuery & { account: string }): Promise<Outcome<Listed<SessionInfo>>>
    end(input: { handle: string; by: ActsFor }): Promise<Outcome<Replicated>>
  }
  readonly standing: {
    ban(input: BanRequest): Promise<Outcome<BanResult>>
    unban(input: { account: string; by: ActsFor }): Promise<Outcome<void>>
    forceLogout(input: {
      account: string
      by: ActsFor
      reloginAfterSeconds?: number
    }): Promise<Outcome<ForcedLogout>>
    signOutEverywhere(input: { account: string; by: ActsFor }): Promise<Outcome<EndedSessions>>
  }
  readonly store: {
    acceptLoss(input: { by: ActsFor }): Promise<Outcome<void>>
  }
  readonly audit: {
    list(query: ListQuery): Promise<Listed<AuditEntry>>
    verify(): Promise<AuditVerification>
    /** Cuts off at most 10000 entries older than `auditRetentionDays`. Refused with `audit_broken`. */
    prune(input: { by: ActsFor }): Promise<Outcome<PrunedAudit>>
  }
}

/** Which key is replaced, and how long the old one goes on: 0 to 2592000 seconds, default 3600. */
export interface KeyToRotate extends Pick<ScopeWish, 'grantable'> {
  readonly account: string
  readonly id: string
  readonly by: ActsFor
  readonly overlapSeconds?: number
}

type OnAccount = { readonly account: string; readonly by: ActsFor }

export function bindVerbs(deps: Deps): GateVerbs {
  const issue = acting((input: Acted<TokenToIssue>) => issueToken(deps, input))
  const create = acting((input: Acted<ApiKeyToCreate>) => createApiKey(deps, input))
  const rotate = acting((input: Acted<KeyToRotate>) => rotateApiKey(deps, input))
  return {
    tokens: {
      issue: (input) => issue(handingOn(deps, input)),
      list: onAccount(async (input: ListQuery & { account: string }) => done(await listTokens(deps, input))),
      listAll: (input) => listAllTokens(deps, input),
      revoke: acting(async (input: Acted<OnAccount & { id: string }>) => {
        const revoked = await revokeToken(deps, input)
        return revoked.ok ? done(replicationOf(revoked.value)) : revoked
      }),
      revokeAll: acting((input: Acted<OnAccount>) => revokeAllTokens(deps, input)),
    },
    apiKeys: {
      create: (input) => create(handingOn(deps, input)),
      list: onAccount(async (input: { account: string }) => done(await listApiKeys(deps, input))),
      rotate: (input) => rotate(handingOn(deps, input)),
      revoke: acting((input: Acted<OnAccount & { id: string }>) => revokeApiKey(deps, input)),
    },
    sessions: {
      list: onAccount(async (input: ListQuery & { account: string }) => {
        const { items, ...page } = await listSessions(deps, input)
        return done({ ...page, items: items.map(infoOf) })
      }),
      async end({ handle, by }) {
        const actor = actorFor(by)
        if (!actor.ok) return actor
        const key = parseHandle(handle)
        const ended = key ? await endSession(deps, { key, by: actor.value }) : refused('session_not_found')
        return ended.ok ? done(replicationOf(ended.value)) : ended
      },
    },
    standing: {
      ban: acting((input: Acted<BanRequest>) => banAccount(deps, input)),
      unban: acting((input: Acted<OnAccount>) => unbanAccount(deps, input)),
      forceLogout: acting((input: Acted<OnAccount & { reloginAfterSeconds?: number }>) =>
        forceLogout(deps, input),
      ),
      signOutEverywhere: acting((input: Acted<OnAccount>) => signOutEverywhere(deps, input)),
    },
    store: {
      async acceptLoss({ by }) {
        const actor = actorFor(by)
        return actor.ok ? acceptLoss(deps, { by: actor.value }) : actor
      },
    },
    audit: {
      list: (query) => listAudit(deps, query),
      verify: () => verifyAudit(deps),
      async prune({ by }) {
        const actor = actorFor(by)
        return actor.ok ? pruneAudit(deps, { by: actor.value }) : actor
      },
    },
  }
}

/** Canonicalises the account that a verb acts on, so that no spelling of it slips past a ban. */
function onAccount<I extends { readonly account: string }, T>(
  act: (input: I) => Promise<Outcome<T>>,
): (input: I) => Promise<Outcome<T>> {
  return async (input) => {
    const account = canonicalEmail(input.account)
    return account ? act({ ...input, account }) : refused('input_invalid')
  }
}

/** As `onAccount`, and makes `by` the actor that it stands for. */
function acting<I extends { readonly account: string; readonly by: Actor }, T>(
  act: (input: I) => Promise<Outcome<T>>,
): (input: Omit<I, 'by'> & { readonly by?: ActsFor }) => Promise<Outcome<T>> {
  return async (input) => {
    const by = actorFor(input.by)
    if (!by.ok) return by
    return onAccount(act)({ ...input, by: by.value } as unknown as I)
  }
}

/** An identity hands on no scope beyond its own. */
function handingOn<I extends Pick<ScopeWish, 'grantable'> & { readonly by?: ActsFor }>(
  deps: Deps,
  input: I,
): I {
  const { by, grantable } = input
  if (!isIdentity(by)) return input
  const own = scopesToHandOn(deps, by)
  return { ...input, grantable: grantable ? grantable.filter((scope) => own.includes(scope)) : own }
}

function infoOf(session: Session): SessionInfo {
  const { idToken: _idToken, key, generation: _generation, providerSessionId: _sid, ...rest } = session
  return { ...rest, handle: handleOf(key) }
}
